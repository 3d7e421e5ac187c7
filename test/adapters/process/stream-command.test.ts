import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { StreamedCommandError, streamCommand } from "#adapters/process/stream-command.ts";

const shell = (script: string) => ({
  program: "/bin/sh",
  args: ["-c", script],
  env: { PATH: "/usr/bin:/bin" },
  cwd: "/",
});
const never = new AbortController().signal;

/** A process that has ended may stay in the list until its parent looks. */
function isRunning(pid: string): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.byteLength;
  return bytes;
}

describe("a streamed program", () => {
  it("gives every byte of its output, and its other lines as they come", async () => {
    const lines: string[] = [];
    const { output } = streamCommand(shell("head -c 3000000 /dev/zero; echo done >&2"), never, (line) =>
      lines.push(line),
    );
    const hash = createHash("sha256");
    for await (const chunk of output) hash.update(chunk);
    expect(hash.digest("hex")).toBe(createHash("sha256").update(Buffer.alloc(3_000_000)).digest("hex"));
    expect(lines).toEqual(["done"]);
  });

  it("ends with an error when it failed, so that half its output is never taken for all of it", async () => {
    const { output } = streamCommand(shell("echo half; echo 'it broke' >&2; exit 3"), never, () => {});
    await expect(read(output)).rejects.toThrow("/bin/sh failed with exit code 3: it broke");
  });

  it("tells a kill that was not ours from one that was", async () => {
    const { output } = streamCommand(shell("kill -9 $$"), never, () => {});
    await expect(read(output)).rejects.toMatchObject({ signal: "SIGKILL", killed: false });
    const stop = new AbortController();
    const stopped = streamCommand(shell("echo x; sleep 100"), stop.signal, () => {});
    const reading = (async () => {
      for await (const _ of stopped.output) stop.abort();
    })();
    await expect(reading).rejects.toMatchObject({ signal: "SIGKILL", killed: true });
    await expect(reading).rejects.toBeInstanceOf(StreamedCommandError);
  });

  it("is killed with its children when nobody reads on", async () => {
    const { output } = streamCommand(shell("sleep 100 & echo $!; wait"), never, () => {});
    let child = "";
    for await (const chunk of output) {
      child = Buffer.from(chunk).toString().trim();
      break;
    }
    await expect.poll(() => isRunning(child)).toBe(false);
  });

  it("says so when it cannot be started", async () => {
    const { output } = streamCommand({ ...shell(""), program: "/no/such/program" }, never, () => {});
    await expect(read(output)).rejects.toThrow(/no\/such\/program could not be started/);
  });
});
