/**
 * Reads the whole table and says what does not fit together: counts against recounts, slots, line, current builds, holders.
 * @module
 */
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import type { Db } from "#adapters/dynamodb/db.ts";
import { openDocuments } from "#test/kit/documents.ts";

type Item = Record<string, unknown>;

/**
 * One sentence for each fault; an empty list is a sound table.
 * @param endpoint of DynamoDB, where it is another than the environment says
 */
export async function auditTable(db: Db, endpoint?: string): Promise<string[]> {
  const documents = openDocuments(endpoint);
  const items: Item[] = [];
  let from: Item | undefined;
  do {
    const page = await documents.send(
      new ScanCommand({
        TableName: db.table,
        ConsistentRead: true,
        ...(from ? { ExclusiveStartKey: from } : {}),
      }),
    );
    items.push(...((page.Items ?? []) as Item[]));
    from = page.LastEvaluatedKey;
  } while (from);
  const of = (test: (pk: string, sk: string) => boolean): Item[] =>
    items.filter((item) => test(String(item["pk"]), String(item["sk"])));
  const builds = of((pk) => pk.startsWith("BUILD#"));
  const attempts = of((pk) => pk.startsWith("ATTEMPT#"));
  const faults: string[] = [];
  const expect = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault);
  };

  const slots = of((pk, sk) => pk === "SLOTS" && !sk.startsWith("SHARE#"));
  const shares = of((pk, sk) => pk === "SLOTS" && sk.startsWith("SHARE#"));
  const line = of((pk) => pk.startsWith("LINE#"));
  const ring = of((pk) => pk === "TURNS");
  for (const build of builds) {
    const id = build["id"] as number;
    const status = String(build["status"]);
    const isDispatched = build["dispatched"] !== 0;
    const held = slots.filter((slot) => slot["build"] === id);
    expect(held.length === (isDispatched ? 1 : 0), `build ${id} (${status}) holds ${held.length} slots`);
    expect(
      held.every((slot) => slot["slot"] === build["slot"] && slot["attempt"] === build["dispatched"]),
      `build ${id} and its slot disagree`,
    );
    const own = shares.filter((share) => share["build"] === id);
    expect(own.length === held.length, `build ${id} (${status}) holds ${own.length} shares`);
    expect(
      own.every(
        (share) =>
          share["share"] === build["share"] &&
          share["attempt"] === build["dispatched"] &&
          share["namespace"] === build["namespace"],
      ),
      `build ${id} and its share disagree`,
    );
    const inLine = line.filter((place) => place["build"] === id).length;
    const waits = status === "QUEUED" && !isDispatched;
    expect(inLine === (waits ? 1 : 0), `build ${id} (${status}) is in the line ${inLine} times`);
    expect(
      status !== "BUILDING" || build["attempt"] === build["dispatched"],
      `build ${id} runs an old attempt`,
    );
    const ended = status !== "QUEUED" && status !== "BUILDING";
    expect(ended === (build["endedOn"] !== null), `build ${id} (${status}) ended on ${build["endedOn"]}`);
    expect(!ended || !isDispatched, `build ${id} has ended and is still dispatched`);
    for (const attempt of attempts.filter((each) => each["build"] === id)) {
      const open = attempt["attempt"] === build["dispatched"];
      expect(attempt["closed"] === !open, `attempt ${attempt["attempt"]} of build ${id}: closed is wrong`);
    }
  }
  expect(
    [...slots, ...shares, ...line].every((each) => builds.some((build) => build["id"] === each["build"])),
    "a slot or a place in the line belongs to no build",
  );
  expect(new Set(builds.map((build) => build["id"])).size === builds.length, "a build id was given twice");

  for (const namespace of new Set([...line, ...ring].map((each) => each["namespace"]))) {
    const turn = ring.find((each) => each["namespace"] === namespace);
    const count = line.filter((place) => place["namespace"] === namespace).length;
    expect(turn?.["waiting"] === count, `${namespace} counts ${turn?.["waiting"]} of ${count} that wait`);
  }
  const holds = of((pk) => pk.startsWith("HOLD#"));
  for (const thing of of((pk) => pk.startsWith("THING#"))) {
    const holders = holds.filter((hold) => hold["thing"] === thing["thing"]).length;
    expect(
      thing["holders"] === holders,
      `${thing["thing"]} counts ${thing["holders"]} holders, there are ${holders}`,
    );
    expect(holders === 0 || !thing["condemned"], `${thing["thing"]} is held and condemned`);
  }
  for (const { pk, thing } of holds) {
    expect(
      of((key) => key === `THING#${thing}`).length === 1,
      `${pk} holds ${thing}, which is counted nowhere`,
    );
  }

  const environments = of((_pk, sk) => sk.startsWith("ENV#"));
  for (const namespace of of((pk) => pk === "NAMESPACES")) {
    const name = namespace["name"];
    const own = environments.filter((each) => each["namespace"] === name);
    expect(
      namespace["environments"] === own.length,
      `${name} counts ${namespace["environments"]} environments of ${own.length}`,
    );
    const counts = of((pk, sk) => pk === `NS#${name}` && sk === "COUNTS")[0] ?? {};
    const ownBuilds = builds.filter((build) => build["namespace"] === name && !build["deletedOn"]);
    const recount = (...statuses: string[]): number =>
      ownBuilds.filter((build) => statuses.includes(String(build["status"]))).length;
    const wanted = {
      builds: ownBuilds.length,
      active: recount("QUEUED", "BUILDING"),
      completed: recount("COMPLETED"),
      failed: recount("FAILED"),
      canceled: recount("CANCELED"),
      sizeBytes: ownBuilds.reduce((sum, build) => sum + Number(build["sizeBytes"]), 0),
    };
    for (const [kind, count] of Object.entries(wanted)) {
      expect(
        Number(counts[kind] ?? 0) === count,
        `${name} counts ${counts[kind]} ${kind}, there are ${count}`,
      );
    }
  }
  for (const environment of environments) {
    const own = builds.filter((build) => build["environmentId"] === environment["id"] && !build["deletedOn"]);
    const completed = own
      .filter((build) => build["status"] === "COMPLETED")
      .map((build) => build["id"] as number);
    const name = `${environment["namespace"]}/${environment["name"]}`;
    const current = environment["currentBuildId"];
    const rows = of(
      (pk, sk) => pk === `NS#${environment["namespace"]}` && sk.startsWith(`BUILD#${environment["name"]}#`),
    ).filter((row) => row["environmentId"] === environment["id"] && row["id"] !== undefined);
    const ids = (items: Item[]): string =>
      items
        .map(({ id }) => Number(id))
        .sort((a, b) => a - b)
        .join();
    expect(ids(rows) === ids(own), `${name} lists builds ${ids(rows)}, there are ${ids(own)}`);
    expect(
      environment["builds"] === own.length,
      `${name} counts ${environment["builds"]} builds of ${own.length}`,
    );
    if (completed.length > 0) {
      expect(
        current === Math.max(...completed),
        `${name} points at ${current}, not at its newest completed build`,
      );
      expect(Number(environment["linkVersion"]) > 0, `${name} never asked for its link`);
    } else
      expect(
        own.some((build) => build["id"] === current),
        `${name} points at a build of another`,
      );
  }
  return faults;
}
