/**
 * Texts of the frame and of what is shown first. All texts of the page are in this folder, by the page that loads them.
 * @module
 */
import type { BuildStatus } from "#core/build/status.ts";

export const WORDS = {
  product: "conda-store",
  skipToContent: "Skip to the content",
  mainNavigation: "Main",
  environments: "Environments",
  newEnvironment: "New environment",
  new: "New",
  namespaces: "Namespaces",
  audit: "Audit",
  logIn: "Log in",
  logOut: "Log out",
  logInElsewhere: "Your login has ended: log in in another tab, then send this again.",
  me: (name: string) => `${name}: your rights and tokens`,
  loading: "Loading…",
  tryAgain: "Try again",
  reload: "Load the page again",
  scriptMissing: "This part of the page could not be loaded: the network is down, or there is a new version.",
  offline: "You are offline. What you typed is kept; what you see may be old.",
  forbidden: (name: string) => `As ${name} you may not. Whoever manages the namespace can give you a role.`,
  whyNot: "What may I do, and why?",
  requestId: (id: string) => `Request id: ${id}`,
  cancel: "Cancel",
  close: "Close",
  copy: "Copy",
  copied: "Copied",
  diff: { added: "added:", removed: "removed:" },

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
    searchHint: "Press / to search, ↑ and ↓ to choose, Enter to open.",
    status: "Status of the current build",
    anyStatus: "Any status",
    packages: "With these packages",
    packagesPlaceholder: "With packages: dask numpy<2",
    found: (count: number) => (count === 1 ? "1 environment" : `${count.toLocaleString()} environments`),
    none: "There are no environments yet.",
    noneForYou: "There is nothing that you may see without logging in.",
    noneMatching: (text: string) => `No environment's name has “${text}” in it.`,
    noneFiltered: "No environment is like that.",
    clear: "Clear search and filters",
    more: "Show more",
    loadingMore: "Loading more…",
    createFirst: "Create the first one",
    continued: (namespace: string) => `${namespace}, continued`,
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
