/**
 * What follows from a deployment's properties for functions and the build task, as the text that their variables take:
 * here alone a property meets its default.
 * @module
 */
import { ENVIRONMENT_LINK } from "#core/layout.ts";
import type { CondaStoreProps } from "./conda-store-props.ts";
import { loginOf } from "./login.ts";
import { settingsOf } from "./settings.ts";
import { checkTaskSizes, TASK_SIZES } from "./task-sizes.ts";

/** Where functions see the shared disk: Lambda wants it directly below /mnt. */
export const DISK_DIRECTORY = "/mnt/conda-store";
/** Where build tasks see it: below a directory of the image that only root may enter. */
const TASK_DISK_DIRECTORY = "/mnt/supervisor/conda-store";
const WORK_DIRECTORY = "/var/lib/conda-store";

export type Values = ReturnType<typeof valuesOf>;

/** @throws Error that names the first property which cannot be so, and what would do */
export function valuesOf(props: CondaStoreProps) {
  const { local } = props;
  const login = loginOf(props);
  const slots = props.slots ?? 10;
  const taskSizes = props.taskSizes ?? TASK_SIZES;
  checkTaskSizes(taskSizes);
  if (props.watchesDisk && props.sharedDisk === "none") {
    throw new Error("watchesDisk needs a shared disk: sharedDisk is none.");
  }
  return {
    login,
    /** The smallest first, of a task for which nothing else is asked. */
    taskSizes,
    storeDirectory: local?.storeDirectory ?? props.storeDirectory ?? "/opt/conda-store",
    /** Empty without a shared disk. */
    taskDiskDirectory: props.sharedDisk === "none" ? "" : (local?.taskDiskDirectory ?? TASK_DISK_DIRECTORY),
    functionDiskDirectory: local?.storeDirectory ?? DISK_DIRECTORY,
    workDirectory: local?.taskWorkDirectory ?? WORK_DIRECTORY,
    environmentLink: props.environmentLink ?? ENVIRONMENT_LINK,
    logLevel: props.logLevel ?? "info",
    settings: JSON.stringify(local?.settings ?? settingsOf(props)),
    allowedPrivateHosts: (local?.allowedPrivateHosts ?? props.allowedPrivateHosts ?? []).join(","),
    maxAttemptMinutes: String(props.maxAttemptMinutes ?? 60),
    maxQueueHours: String(props.maxQueueHours ?? 24),
    tries: {
      maxTries: JSON.stringify(props.maxTries ?? {}),
      taskSizes: JSON.stringify(taskSizes),
    },
    places: {
      slots: String(slots),
      slotsPerNamespace: String(props.slotsPerNamespace ?? Math.ceil(slots / 2)),
    },
    auditDays: String(props.auditDays ?? 365),
    repodataMinutesMax: String(props.repodataMinutesMax ?? 60),
    privateIndexedChannels: JSON.stringify(props.privateIndexedChannels ?? {}),
    removalGraceMinutes: String(props.removalGraceMinutes ?? 60),
    watchesDisk: props.watchesDisk ?? false,
    /** Who tries it out does not wait long. */
    watchMinutes: props.watchMinutes ?? (local ? 1 : 5),
    services: JSON.stringify(props.services ?? []),
    /** Of the API alone. */
    door: {
      urlPrefix: props.urlPrefix ?? "/",
      proxyStripsPrefix: String(props.proxyStripsPrefix ?? false),
      login: JSON.stringify(login),
      submissionsPerMinute: String(props.submissionsPerMinute ?? 60),
      loginsPerMinute: String(props.loginsPerMinute ?? 10),
    },
    /** Of the build task alone: what its image has, or this machine in its stead. */
    tools: {
      isolation: local ? "possible" : "required",
      engine: local?.engine ?? "mamba",
      engineProgram: local?.engineProgram ?? "/usr/local/bin/micromamba",
      packPython: local?.packPython ?? "/opt/conda-pack/bin/python",
    },
  };
}
