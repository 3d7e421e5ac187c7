/** Texts of an environment's pages. @module */

const many = (count: number, one: string, more: string): string =>
  `${count.toLocaleString()} ${count === 1 ? one : more}`;

export const ENVIRONMENT = {
  views: "Views of the environment",
  overview: "Overview",
  packages: "Packages",
  history: "History",

  facts: {
    current: "Current build",
    built: "Built",
    by: "By",
    size: "Size",
    packages: "Packages",
    platform: "Platform",
    anyPlatform: "any",
    channels: "Channels",
    notBuilt: "not yet",
  },
  latestFailed: (id: number) => `The newest build, ${id}, failed.`,
  latestRunning: (id: number) => `Build ${id} is on its way.`,
  usedIsOlder: "What is used here is an older one.",
  showBuild: "Look at it",

  use: {
    title: "Use it",
    lead: "Private environments need a token: make one under your name at the top, and put it into TOKEN.",
    notYet: "What it can be used by comes with the first completed build.",
    cli: "Run a program in it",
    archive: "Unpack it anywhere",
    installer: "Install it with a script",
    docker: "Pull it as a container image",
    disk: "Use it from the shared disk",
    kernel: "As a kernel in JupyterHub",
    kernelHint: (name: string) =>
      `Hubs that mount the shared disk show it as the kernel ${name}; with nb_conda_store_kernels it needs no disk.`,
    micromamba: "Install the very same packages with micromamba",
    pixi: "Begin a pixi project from it",
  },

  actions: {
    edit: "Change and build again",
    describe: "Describe",
    clone: "Clone",
    settings: "Settings",
    remove: "Delete",
    rebuild: "Build again",
    rebuildHint: "Solve anew, with what the channels have now",
    frozen: "Build again, frozen",
    frozenHint: "The very same packages, from this build's lockfile",
    makeCurrent: "Make it current",
    rollBack: (id: number) => `Build ${id} is current now.`,
    pin: "Pin",
    pinHint: "Keep it from being deleted by itself",
    unpin: "Unpin",
    cancel: "Cancel the build",
    removeBuild: "Delete this build",
  },

  describe: { title: "Describe the environment", label: "Description", submit: "Save" },

  clone: {
    title: (name: string) => `Clone ${name}`,
    namespace: "Into namespace",
    name: "Name of the clone",
    frozen: "The very same packages, instead of a new solve",
    submit: "Clone",
  },

  remove: {
    environment: (name: string) => `Delete ${name}?`,
    build: (id: number) => `Delete build ${id}?`,
    namespace: (name: string) => `Delete the namespace ${name}?`,
    asking: "Looking what would go…",
    goes: "This goes, and does not come back:",
    environments: (count: number) => many(count, "environment", "environments"),
    builds: (count: number) => many(count, "build", "builds"),
    active: (count: number) => `${many(count, "build", "builds")} under way would be canceled`,
    artifacts: (count: number, size: string) =>
      `${many(count, "file or directory", "files and directories")}, ${size}`,
    stays: (count: number, size: string) =>
      `${many(count, "file", "files")} (${size}) stay: other builds use them, or settings keep them.`,
    typeName: (name: string) => `Type ${name} to be sure`,
    submit: "Delete",
  },

  pkg: {
    search: "Search packages or licenses",
    loading: "Loading packages…",
    none: "Packages are known when the build has completed.",
    noneMatching: "No package has that in its name or license.",
    ofBuild: (id: number) => `These are the packages of build ${id}, which is not the current one.`,
    showBuild: "Show the build",
    fetched: (size: string, unknown: number) =>
      unknown === 0
        ? `${size} as fetched`
        : `${size} as fetched without ${unknown.toLocaleString()} of unknown size`,
    platforms: (names: string) => `for ${names}`,
    order: "Order",
    orders: { name: "By name", size: "By size, the largest first" },
    size: "Size",
    count: (count: number) => many(count, "package", "packages"),
    onlyRequested: "Only what was asked for",
    name: "Name",
    version: "Installed",
    requested: "Asked for",
    channel: "Channel",
    license: "License",
    asDependency: "as a dependency",
    pip: "PyPI",
    notInstalled: "Asked for, and not among the installed packages:",
  },

  builds: {
    caption: "Builds, the newest first",
    build: "Build",
    status: "Status",
    when: "When",
    who: "By",
    size: "Size",
    current: "current",
    pinned: "pinned",
    changes: "Changes",
    since: (id: number) => `since build ${id}`,
    more: "Older builds",
  },

  compare: {
    title: (from: number, to: number) => `From build ${from} to build ${to}`,
    from: "From",
    to: "to",
    submit: "Compare",
    lead: "Compare any two builds",
    askedFor: (id: number, author: string) => `Build ${id} was asked for by ${author}.`,
    unchanged: "The packages are the same.",
    added: "Added",
    removed: "Removed",
    up: "Newer",
    down: "Older",
    changed: "From another channel",
    specification: "Specification",
    sameSpecification: "The specification is the same.",
  },
} as const;
