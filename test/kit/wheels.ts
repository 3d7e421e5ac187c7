/**
 * A Python package index of a test's own: tiny real wheels behind the simple API, and others' that were downloaded.
 * @module
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";

export interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly requires?: readonly string[];
  /** `name = module:function`, whose module is the wheel's only one. */
  readonly script?: string;
  /** Python that runs when it is built: it then lies in the index as source only. */
  readonly build?: string;
}

export interface Index {
  /** `http://127.0.0.1:<port>/simple/` */
  url(): string;
  host(): string;
  /** Paths asked, in order. */
  readonly asked: readonly string[];
  /** From now on the files of this project have other bytes than the index says. */
  spoil(name: string): void;
  /** Takes a version out of the index's pages, or puts it back; its file stays. */
  list(name: string, version: string, listed: boolean): void;
}

const MAKE = `
import base64, hashlib, io, json, os, sys, tarfile, zipfile
BACKEND = """
import os, pathlib, shutil, zipfile
HERE = pathlib.Path(__file__).parent
def _wheel(directory):
    [wheel] = HERE.glob("*.whl")
    shutil.copy(wheel, directory)
    return wheel.name
def prepare_metadata_for_build_wheel(directory, settings=None):
    with zipfile.ZipFile(next(HERE.glob("*.whl"))) as wheel:
        names = [name for name in wheel.namelist() if ".dist-info/" in name]
        wheel.extractall(directory, names)
    return names[0].split("/")[0]
def build_wheel(directory, settings=None, metadata=None):
    exec((HERE / "building.py").read_text())
    return _wheel(directory)
"""
PROJECT = '[build-system]\\nrequires = []\\nbuild-backend = "backend"\\nbackend-path = ["."]\\n'
def source(folder, wheel, module, path, metadata):
    top = f"{module}-{wheel['version']}"
    with open(path, "rb") as file:
        built = file.read()
    with tarfile.open(f"{folder}/{top}.tar.gz", "w:gz") as archive:
        for name, data in {
            "pyproject.toml": PROJECT.encode(), "PKG-INFO": metadata.encode(), "backend.py": BACKEND.encode(),
            "building.py": wheel["build"].encode(), path.split("/")[-1]: built,
        }.items():
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
folder, wheels = sys.argv[1], json.loads(sys.argv[2])
for wheel in wheels:
    module, version = wheel["name"].replace("-", "_"), wheel["version"]
    info = f"{module}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\\nName: {wheel['name']}\\nVersion: {version}\\n"
    metadata += "".join(f"Requires-Dist: {one}\\n" for one in wheel.get("requires", []))
    files = {
        f"{module}.py": f"def main():\\n    print('{module} {version}')\\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    if wheel.get("script"):
        files[f"{info}/entry_points.txt"] = f"[console_scripts]\\n{wheel['script']}\\n"
    def line(path, text):
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        return f"{path},sha256={digest},{len(text.encode())}\\n"
    record = "".join(line(path, text) for path, text in files.items()) + f"{info}/RECORD,,\\n"
    made = f"{folder}/{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(zipfile.ZipInfo(path, (2024, 1, 1, 0, 0, 0)), text)
    if wheel.get("build"):
        source(folder, wheel, module, made, metadata)
        os.remove(made)
`;

/**
 * Call at the top of a test file.
 * @param requirements a file whose wheels, and all that they need, are fetched by this machine's pip and served as well
 */
export function useIndex(python: () => string, wheels: readonly Wheel[], requirements?: URL): Index {
  const folder = mkdtempSync(join(tmpdir(), "wheels-"));
  const asked: string[] = [];
  const spoiled = new Set<string>();
  const unlisted = new Set<string>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://x").pathname;
    asked.push(path);
    const [, kind, name = ""] = path.split("/");
    const files = readdirSync(folder);
    if (kind === "files" && files.includes(name)) {
      const bytes = readFileSync(join(folder, name));
      const isSpoiled = [...spoiled].some((each) => isOf(each, name));
      response.end(isSpoiled ? Buffer.concat([bytes, Buffer.from("more")]) : bytes);
      return;
    }
    const mine = files.filter(
      (file) => isOf(name, file) && ![...unlisted].some((each) => file.startsWith(each)),
    );
    if (kind !== "simple" || mine.length === 0) return void response.writeHead(404).end();
    const link = (file: string): string => {
      const hash = createHash("sha256")
        .update(readFileSync(join(folder, file)))
        .digest("hex");
      return `<a href="/files/${file}#sha256=${hash}">${file}</a>`;
    };
    response.writeHead(200, { "content-type": "text/html" }).end(mine.map(link).join("\n"));
  });
  beforeAll(async () => {
    execFileSync(python(), ["-c", MAKE, folder, JSON.stringify(wheels)]);
    if (requirements) {
      const pip = ["-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", folder];
      execFileSync(python(), [...pip, "--requirement", fileURLToPath(requirements)]);
    }
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const host = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const list: Index["list"] = (name, version, listed) => {
    const start = `${name.replaceAll("-", "_")}-${version}-`;
    if (listed) unlisted.delete(start);
    else unlisted.add(start);
  };
  return {
    url: () => `http://${host()}/simple/`,
    host,
    asked,
    spoil: (name) => void spoiled.add(name),
    list,
  };
}

/** Whether a wheel or source archive is one of this project, whose name may be spelled in several ways. */
function isOf(project: string, file: string): boolean {
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_.]+/g, "-");
  return plain(file.replace(/-\d.*$/, "")) === plain(project);
}
