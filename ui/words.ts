/**
 * Every text of the page, in one place.
 * @module
 */
import type { BuildStatus } from "#core/build/status.ts";

export const WORDS = {
  product: "conda-store",
  skipToContent: "Skip to the content",
  mainNavigation: "Main",
  environments: "Environments",
  newEnvironment: "New environment",
  logIn: "Log in",
  logOut: "Log out",
  loggedInAs: (name: string) => `Logged in as ${name}`,
  loading: "Loading…",
  tryAgain: "Try again",
  requestId: (id: string) => `Request id: ${id}`,

  login: {
    title: "Log in",
    userName: "User name",
    userNameHint: "It becomes the name of your own namespace.",
    password: "Password",
    submit: "Log in",
    submitting: "Logging in…",
    at: (provider: string) => `Log in with ${provider}`,
    none: "Nobody logs in here: the operator gives tokens.",
    ended: "Your login has ended. Log in again: what you typed is kept.",
  },

  list: {
    search: "Search by namespace or name",
    found: (count: number) => (count === 1 ? "1 environment" : `${count} environments`),
    none: "There are no environments yet.",
    noneForYou: "There is nothing that you may see without logging in.",
    noneMatching: (text: string) => `No environment's name has “${text}” in it.`,
    more: "Show more",
    createFirst: "Create the first one",
  },

  create: {
    title: "New environment",
    again: (name: string) => `Build ${name} again`,
    lead: "Paste an environment.yml. If the environment exists already, this makes a new build of it.",
    namespace: "Namespace",
    namespaceHint: "It is made if it does not exist yet and you may make it.",
    specification: "Specification",
    specificationHint: "YAML with a name, channels and dependencies.",
    example: "Insert an example",
    submit: "Build",
    submitting: "Sending…",
    refused: "The specification was not accepted",
    logInFirst: "You can write here; to build you need to log in.",
    exampleText: `name: example
channels:
  - conda-forge
dependencies:
  - python=3.12
  - numpy
`,
  },

  build: {
    title: (id: number) => `Build ${id}`,
    notCurrent: (id: number) => `This is not the current build, which is build ${id}.`,
    ofAnother: "This build belongs to another environment.",
    showCurrent: "Show the current build",
    scheduled: "Asked for",
    waited: "Waited",
    took: "Took",
    takes: "Running for",
    size: "Size",
    files: "Files",
    noFiles: "There is nothing to download yet.",
    archive: "Archive",
    archiveHint: "conda-pack",
    installer: "Installer",
    installerHint: "shell script",
    lockfile: "Lockfile",
    lockfileHint: "conda-lock",
    yaml: "YAML",
    yamlHint: "versions pinned",
    logs: "Log",
    logsHint: "plain text",
    specification: "Specification",
    edit: "Change and build again",
    log: "Log",
    follow: "Follow new lines",
    logEmpty: "No lines yet.",
    logKept: "The lines are kept as a file.",
    logOpen: "Open the whole log",
    logCut: (count: number) => `The first ${count} lines are not shown here.`,
    reconnecting: "The connection was lost. Trying again…",
    statusNow: (status: string) => `Build status: ${status}`,
  },

  status: {
    QUEUED: "Queued",
    BUILDING: "Building",
    COMPLETED: "Completed",
    FAILED: "Failed",
    CANCELED: "Canceled",
  } satisfies Record<BuildStatus, string>,

  notFound: {
    title: "There is nothing here",
    text: "The address may be mistyped, or the environment was deleted or is not yours to see.",
    back: "To the environments",
  },
} as const;
