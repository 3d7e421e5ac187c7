import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { VARIABLES, WATCHED_DIRECTORY } from "#core/layout.ts";
import { handler } from "#functions/store/handler.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { specified, useWatching } from "#test/kit/watching.ts";

useMiniStack();
const watched = useWatching("watch-disk");
const disk = mkdtempSync(join(tmpdir(), "store-disk-"));
afterAll(() => rmSync(disk, { recursive: true, force: true }));

test("the function of the shared disk looks at its watched files when EventBridge calls it", async () => {
  Object.assign(process.env, {
    [VARIABLES.table]: watched.db.table,
    [VARIABLES.diskDirectory]: disk,
    [VARIABLES.storeDirectory]: "/opt/conda-store",
    [VARIABLES.environmentLink]: "{namespace}/envs/{name}",
    [VARIABLES.watchesDisk]: "true",
    [VARIABLES.settings]: '{"filesystem_namespace":"shared"}',
    [VARIABLES.allowedPrivateHosts]: "",
    [VARIABLES.auditDays]: "30",
    [VARIABLES.logLevel]: "none",
  });
  const directory = join(disk, WATCHED_DIRECTORY);
  mkdirSync(directory, { mode: 0o755 });
  writeFileSync(join(directory, "tools.yml"), specified("tools", "python"), { mode: 0o644 });

  const event = { "detail-type": "Scheduled Event" } as Parameters<typeof handler>[0];
  expect(await handler(event)).toMatchObject({ files: 1, built: 1 });
  expect(await watched.builds("shared")).toMatchObject([{ environment: "tools", status: "QUEUED" }]);
  // A directory of a namespace is none of watched files, whatever it is called.
  mkdirSync(join(disk, "watched"), { mode: 0o755 });
  writeFileSync(join(disk, "watched", "other.yml"), specified("other", "python"), { mode: 0o644 });
  expect(await handler(event)).toMatchObject({ files: 1, built: 0 });
});
