/** Texts about people: rights, tokens, namespaces, members, settings, the audit. @module */
import type { Role } from "#core/access/permission.ts";

export const ROLE_NAMES: Record<Role, string> = {
  viewer: "viewer",
  developer: "developer",
  admin: "admin",
};

const many = (count: number, one: string, more: string): string =>
  `${count.toLocaleString()} ${count === 1 ? one : more}`;

export const ME = {
  title: "Your rights and tokens",
  who: "Who you are",
  name: "Name",
  namespace: "Your namespace",
  until: "Logged in until",
  noEnd: "without an end",
  anonymous: "You are not logged in: this is what anybody may do.",
  rights: "What you may do",
  pattern: "Where",
  roles: "Roles",
  permissions: "Permissions",
  explain: "Why, or why not?",
  explainLead: "Ask whether you may do something, and what decides it.",
  permission: "Permission",
  inNamespace: "Namespace",
  inNamespaceHint: "Empty for the whole store.",
  environment: "Environment",
  environmentHint: "Empty for the namespace.",
  ask: "Ask",
  yes: "Yes, you may.",
  no: "No, you may not.",
  because: "Each of these alone would do:",
  noRole: "It needs one of the roles:",
  source: (kind: "default" | "configuration" | "token" | "role_mapping", name: string | null): string => {
    if (kind === "default") return "what everybody has";
    if (kind === "configuration") return `the deployment's configuration${name ? ` (${name})` : ""}`;
    if (kind === "token") return `the token${name ? ` ${name}` : ""}`;
    return `a role that namespace ${name ?? "?"} gives`;
  },
  reason: (source: string, pattern: string, roles: string) => `${source}: ${roles} on ${pattern}`,
} as const;

export const TOKENS = {
  title: "Tokens and logins",
  lead: "A token lets a program do what you may, or less. Give each program one of its own.",
  none: "There are no tokens.",
  make: "Make a token",
  name: "What it is for",
  nameHint: "Seen in this list only.",
  days: "It ends after",
  daysChoice: (days: number) => many(days, "day", "days"),
  untilOwn: "when your login ends",
  where: "Where it may be used",
  whereHint: "A pattern such as team/*; empty for everything that you may.",
  role: "As",
  submit: "Make",
  made: "The token, shown this once:",
  madeHint: "Copy it now. Who has it may do what it allows until it ends or you revoke it.",
  kinds: { login: "login", token: "token", service: "service" },
  column: { name: "Name", kind: "Kind", may: "May", made: "Made", used: "Last used", ends: "Ends" },
  unnamed: "without a name",
  never: "never",
  revoke: "Revoke",
  revokeOne: (name: string) => `Revoke ${name}`,
  revokeTitle: (name: string) => `Revoke ${name}?`,
  revokeLead: "What uses it stops working within seconds; so do all tokens that were made from it.",
  revoked: "revoked",
  loggedOut: "logged out",
} as const;

export const NAMESPACES = {
  title: "Namespaces",
  lead: "Namespaces in which you may read something, and what they hold.",
  none: "There are no namespaces that you may read.",
  create: "New namespace",
  createName: "Name",
  createSubmit: "Create",
  column: { name: "Namespace", environments: "Environments", builds: "Builds", storage: "Takes up" },
  environments: "Show its environments",
  usage: "What it holds",
  counts: (environments: number, builds: number) =>
    `${many(environments, "environment", "environments")}, ${many(builds, "build", "builds")}`,
  unknownUsage: "What it takes up is told to who may read all of it.",
  ofQuota: (used: string, quota: string, percent: number) => `${used} of ${quota} (${percent} %)`,
  noQuota: (used: string) => `${used}, without a limit`,
  full: "It is full: nothing can be built here until something is deleted.",
  settings: "Settings",
  audit: "Audit",
  remove: "Delete the namespace",
} as const;

export const MEMBERS = {
  title: "Members",
  lead: "Whoever belongs to one of these namespaces has the role here.",
  none: "Nobody else has a role here.",
  column: { who: "Members of", role: "Role" },
  add: "Add",
  addTitle: "Give a role",
  who: "Members of namespace",
  role: "Role",
  roleOf: (name: string) => `Role of ${name}`,
  take: "Take back",
  takeOf: (name: string) => `Take back the role of ${name}`,
  roles: {
    viewer: "sees environments and builds",
    developer: "also makes and changes environments",
    admin: "also deletes, and gives roles",
  } satisfies Record<Role, string>,
  lockout: "You would lock yourself out",
  lockoutLead: (namespace: string) =>
    `This role is the only thing that lets you manage ${namespace}. Without it you cannot give it back to yourself.`,
  lockoutSubmit: "Do it all the same",
  patterns: "Roles by pattern",
  patternsLead: "Given in the older way, by conda-store's own clients; they count as well.",
} as const;

export const SETTINGS = {
  ofStore: "Settings of the whole store",
  of: (name: string) => `Settings of ${name}`,
  lead: "A setting of an environment counts before its namespace's, and that before the store's.",
  column: { name: "Setting", value: "Value", from: "Comes from" },
  from: {
    here: "set here",
    namespace: "the namespace",
    store: "the store, or the deployment",
    deployment: "fixed by the deployment",
    unknown: "above, where you may not look",
  },
  change: "Change",
  changeOf: (name: string) => `Change ${name}`,
  value: "Value, as JSON",
  valueHint: 'A list such as ["conda-forge"], a number, or a text in quotes.',
  badJson: "This is no JSON: lists stand in [ ], texts in quotes.",
  submit: "Save",
  empty: "none",
} as const;

export const AUDIT = {
  title: "Audit",
  lead: "Who changed what, when and from where.",
  namespace: "Namespace",
  person: "Person",
  since: "Since",
  until: "Until",
  submit: "Show",
  none: "Nothing was found.",
  column: { at: "When", who: "Who", action: "What", where: "Where", details: "Details" },
  more: "Older entries",
  download: "Download as NDJSON",
  build: (id: number) => `build ${id}`,
  system: (name: string) => `the system (${name})`,
} as const;
