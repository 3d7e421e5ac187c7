import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { progressLines } from "#build-task/download-progress.ts";
import { useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

describe("the lines about a download", () => {
  it("come for each twentieth of the whole, at most, and end with it", () => {
    const next = progressLines(1_000_000_000, 0);
    const said = Array.from({ length: 1000 }, (_, i) => next((i + 1) * 1_000_000, i * 2000)).filter(
      (line) => line !== null,
    );

    expect(said[0]).toMatch(/^Downloaded \d+ MB of 1 GB \(\d+ %\)$/);
    // Half an hour of a slow line is sixty signs of life, a fast one twenty.
    expect(said.length).toBeLessThanOrEqual(2000 / 30 + 20);
    const fast = progressLines(1_000_000_000, 0);
    const quick = Array.from({ length: 1000 }, (_, i) => fast((i + 1) * 1_000_000, i)).filter(Boolean);
    expect(quick).toHaveLength(20);
    expect(quick.at(-1)).toBe("Downloaded 1 GB of 1 GB (100 %)");
  });

  it("do not come while nothing does, and never say more than there is", () => {
    const next = progressLines(1000, 0);
    expect(next(0, 60_000)).toBeNull();
    expect(next(1, 61_000)).toBe("Downloaded 1 B of 1 kB (0 %)");
    expect(next(1, 999_000)).toBeNull();
    expect(next(2500, 1_000_000)).toBe("Downloaded 1 kB of 1 kB (100 %)");
    expect(next(5000, 2_000_000)).toBeNull();
    expect(progressLines(0, 0)(10, 10)).toBeNull();
  });
});

describe("a build that downloads slowly", () => {
  const aws = useMiniStack();
  const demo = useDemoChannel();
  let server: Server;
  let url = "";
  /** Serves the demo channel; packages come in pieces with a pause behind each. */
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const upstream = await fetch(new URL(request.url ?? "", demo.url()), {
        headers: { accept: request.headers.accept ?? "*/*" },
      });
      const bytes = Buffer.from(await upstream.arrayBuffer());
      response.writeHead(upstream.status, { "content-length": bytes.byteLength });
      if (request.method === "HEAD") return response.end();
      const isPackage = /\.(?:conda|tar\.bz2)$/.test(request.url ?? "");
      const piece = Math.max(1, isPackage ? Math.ceil(bytes.byteLength / 10) : bytes.byteLength);
      for (let at = 0; at < bytes.byteLength; at += piece) {
        response.write(bytes.subarray(at, at + piece));
        if (isPackage) await pause(500);
      }
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    url = `http://127.0.0.1:${port}${new URL(demo.url()).pathname}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const workshop = useWorkshop({ aws, python: demo.python, channel: () => url });

  it("says in its log how far it is", async () => {
    const ended = await workshop.build(
      await workshop.order(JSON.stringify({ name: "slow", dependencies: ["demo-big"] })),
    );
    await workshop.settle(ended);

    expect(ended.result, ended.log).toMatchObject({ outcome: "completed" });
    const said = ended.log.split("\n").flatMap((line) => {
      const match = /^install: Downloaded .* of .*B \((\d+) %\)$/.exec(line);
      return match ? [Number(match[1])] : [];
    });
    expect(said.length, ended.log).toBeGreaterThan(0);
    expect(said).toEqual([...said].sort((a, b) => a - b));
    expect(said.every((percent) => percent > 0 && percent <= 100)).toBe(true);
  }, 120_000);
});
