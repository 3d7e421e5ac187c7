import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getPackages } from "#adapters/dynamodb/packages.ts";
import { getObject } from "#adapters/s3/objects.ts";
import type { CompletedResult } from "#core/build/attempt.ts";
import type { Artifact, ArtifactType } from "#core/build/status.ts";
import { type Ended, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { runProgram } from "#test/kit/run-program.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const workshop = useWorkshop({ aws, python: demo.python, channel: demo.url, bundled: true });
const elsewhere = mkdtempSync(join(tmpdir(), "elsewhere-"));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

const ALL = [
  ...[
    "python",
    "numpy",
    "pip",
    "demo-hello",
    "demo-activate",
    "demo-clobber-a",
    "demo-clobber-b",
    "demo-links",
  ],
  ...["demo-post-link", "demo-prefix-binary", "demo-prefix-text", "demo-pyc", "demo-many-files", "demo-big"],
];

let ended: Ended;
let result: CompletedResult;
let prefix: string;
/** Where the archive was unpacked. */
let unpacked: string;

const artifact = (type: ArtifactType): Artifact => {
  const found = result.artifacts.find((each) => each.type === type);
  if (!found) throw new Error(`no ${type}`);
  return found;
};
const stored = async (type: ArtifactType): Promise<Buffer> => {
  const bytes = await getObject(workshop.bucket, artifact(type).key);
  if (bytes === null) throw new Error(`${type} is not stored`);
  return bytes;
};
/** Runs with an empty environment, and fails the test with what the program said. */
const output = async (program: string, ...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runProgram(program, args, {});
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
  return stdout.trim();
};

beforeAll(async () => {
  const id = await workshop.order(`name: demo\ndependencies: [${ALL.join(", ")}]\n`);
  ended = await workshop.build(id);
  if (ended.result?.outcome !== "completed") throw new Error(`${ended.output}\n${ended.log}`);
  result = ended.result;
  prefix = artifact("DIRECTORY").key;

  // The task's own disk goes with the task; consumers mount the shared disk in its place.
  rmSync(join(workshop.store, "team"), { recursive: true });
  renameSync(join(workshop.disk, "team"), join(workshop.store, "team"));
  unpacked = join(elsewhere, "unpacked");
  mkdirSync(unpacked);
  writeFileSync(join(elsewhere, "environment.tar.gz"), await stored("CONDA_PACK"));
  execFileSync("tar", ["-xzf", join(elsewhere, "environment.tar.gz"), "-C", unpacked]);
}, 180_000);

describe("a build that completed", () => {
  it("says so by its result and by exit code 0, and leaves nothing in the work directory", async () => {
    expect(ended.code).toBe(0);
    expect(readdirSync(workshop.work)).toEqual([]);
    expect(readdirSync(join(workshop.store, "team"))).toEqual([ended.build.buildKey]);
    expect(prefix).toBe(join(workshop.store, "team", ended.build.buildKey));
  });

  it("needed little memory of its own, whatever the size of the environment", () => {
    const megabytes = /^peak memory of this process: (\d+) MB$/m.exec(ended.output)?.[1];
    expect(Number(megabytes)).toBeGreaterThan(20);
    expect(Number(megabytes)).toBeLessThanOrEqual(200);
  });

  it("keeps a log that begins as conda-store's and tells each step's duration and result", () => {
    const lines = ended.log.trim().split("\n");
    expect(lines[0]).toMatch(
      /^starting build of conda environment \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} UTC$/,
    );
    for (const step of [
      "solve",
      "install",
      "link scripts",
      "compile",
      "seal",
      "archive",
      "copy",
      "publish",
      "verify",
    ]) {
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${step}: done in \\d+\\.\\d{3} s$`)));
    }
    expect(lines.at(-1)).toBe(
      `The environment is built: ${result.packages} packages, ${result.sizeBytes} bytes.`,
    );
    expect(artifact("LOGS").sizeBytes).toBe(Buffer.byteLength(ended.log));
  });

  it("stores the list of packages with what only the packages tell", async () => {
    const packages = await getPackages(workshop.db, result.lockDigest);
    expect(packages).toHaveLength(result.packages);
    expect(packages?.find(({ name }) => name === "demo-hello")).toMatchObject({
      manager: "conda",
      version: "1.0",
      channel: demo.url(),
      subdir: "noarch",
      summary: expect.stringMatching(/./),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it("stores the lockfile as JSON under its own digest, and the export without a path", async () => {
    const lockfile = JSON.parse((await stored("LOCKFILE")).toString());
    expect(lockfile.version).toBe(1);
    expect(lockfile.metadata.content_hash).toEqual({ "linux-64": result.lockDigest });
    expect(lockfile.package).toHaveLength(result.packages);
    const yaml = (await stored("YAML")).toString();
    expect(yaml).toMatch(/^name: demo$/m);
    expect(yaml).toMatch(/^ {2}- numpy=\d[^=]*=py3\w+_0$/m);
    expect(yaml).not.toContain(workshop.store);
  });
});

describe.each([
  { name: "published", where: () => prefix },
  { name: "unpacked from the archive", where: () => unpacked },
])("the environment as $name", ({ where }) => {
  it("runs its python with an empty environment, and lies in itself", async () => {
    const program =
      "import sys, numpy, json; print(json.dumps([sys.prefix, numpy.__file__, [p for p in sys.path if p]]))";
    const [own, numpy, path] = JSON.parse(await output(join(where(), "bin", "python"), "-c", program));
    expect(own).toBe(where());
    for (const each of [numpy, ...path]) expect(each).toMatch(new RegExp(`^${where()}/`));
  });

  it("holds nothing of the work directory", async () => {
    const { code, stdout } = await runProgram("grep", ["-rl", workshop.work, where()]);
    expect(stdout).toBe("");
    expect(code).toBe(1);
  });

  it("has relative links, a dangling one too, and all of many files", async () => {
    const count = (await output("/usr/bin/find", where(), "-path", "*many-files*", "-type", "f")).split(
      "\n",
    ).length;
    expect(count).toBeGreaterThanOrEqual(5000);
    const links = (await output("/usr/bin/find", where(), "-path", "*demo-links*", "-type", "l")).split("\n");
    expect(links.length).toBeGreaterThanOrEqual(2);
    for (const link of links) expect(readlinkSync(link)).not.toMatch(/^\//);
  });

  it("has one file where two packages have it", async () => {
    const files = (await output("/usr/bin/find", where(), "-path", "*clobber*", "-type", "f")).split("\n");
    expect(new Set(files).size).toBe(files.length);
  });

  it("has the file that the link script made", () => {
    expect(existsSync(join(where(), "share", "demo-post-link", "written.txt"))).toBe(true);
  });

  it("has no byte code that its python would make again", async () => {
    const stale = `
import importlib.util, os, struct, sys
for root, _, names in os.walk(os.path.join(sys.prefix, "lib")):
    for name in names:
        path = os.path.join(root, name)
        if not name.endswith(".pyc") or "__pycache__" not in path: continue
        source = importlib.util.source_from_cache(path)
        head = open(path, "rb").read(16)
        if os.path.exists(source) and struct.unpack("<I", head[4:8])[0] == 0:
            if struct.unpack("<I", head[8:12])[0] != int(os.stat(source).st_mtime): print(path)
`;
    expect(await output(join(where(), "bin", "python"), "-B", "-c", stale)).toBe("");
  });
});

describe("the published environment", () => {
  it("runs the programs that know their prefix, by text and in their binary", async () => {
    for (const name of ["demo-prefix-text", "demo-prefix-binary"]) {
      expect(await output(join(prefix, "bin", name))).toContain(prefix);
    }
    expect(await output(join(prefix, "bin", "demo-hello"))).not.toBe("");
  });

  it("has byte code for what had none, without a path in it", async () => {
    const program = `
import marshal, numpy, importlib.util, sys
data = open(importlib.util.cache_from_source(numpy.__file__), "rb").read()
print(data[4], marshal.loads(data[16:]).co_filename)
`;
    // 1: checked by hash, and not at all.
    expect(await output(join(prefix, "bin", "python"), "-c", program)).toMatch(
      /^1 lib\/python3\.\d+\/site-packages\/numpy\/__init__\.py$/,
    );
  });
});

describe("the archive", () => {
  it("has its entries at the root, nobody's, each once, safe for Python's strict filter", async () => {
    const program = `
import sys, tarfile, json
with tarfile.open(sys.argv[1]) as archive:
    members = archive.getmembers()
    # Python has it since 3.11.4.
    strict = getattr(tarfile, "data_filter", lambda member, path: member)
    for member in members: strict(member, sys.argv[2])
    names = [member.name for member in members]
    print(json.dumps([len(names), len(set(names)), sorted({(m.uid, m.gid, m.uname) for m in members}), any(m.islnk() for m in members),
        [name in names for name in ("bin/activate", "bin/conda-unpack", "conda-meta/history")], any(n.startswith(("/", "./")) for n in names)]))
`;
    const [count, unique, owners, hard, needed, odd] = JSON.parse(
      await output(demo.python(), "-c", program, join(elsewhere, "environment.tar.gz"), elsewhere),
    );
    expect(unique).toBe(count);
    expect(owners).toEqual([[0, 0, ""]]);
    expect(hard).toBe(false);
    expect(needed).toEqual([true, true, true]);
    expect(odd).toBe(false);
  });

  it("knows its new place after conda-unpack, and activates", async () => {
    const { code, stderr } = await runProgram(
      join(unpacked, "bin", "python"),
      [join(unpacked, "bin", "conda-unpack")],
      {},
    );
    expect([code, stderr]).toEqual([0, ""]);
    for (const name of ["demo-prefix-text", "demo-prefix-binary"]) {
      expect(await output(join(unpacked, "bin", name))).toContain(unpacked);
    }
    const script = `source "${unpacked}/bin/activate" && echo "$CONDA_PREFIX $DEMO_ACTIVATE" && demo-hello`;
    const activated = await runProgram("/bin/bash", ["-c", script], { PATH: "/usr/bin:/bin" });
    expect(activated.stdout).toContain(`${unpacked} ${unpacked}`);
    expect(activated.code).toBe(0);
  });
});
