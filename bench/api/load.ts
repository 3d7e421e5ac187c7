/**
 * A closed loop of clients, each asking again when it was answered.
 * @module
 */
export interface Load {
  readonly clients: number;
  /** Requests in all. */
  readonly count: number;
  /** Number of the first request. */
  readonly from: number;
}

export interface Measured {
  /** Processor time of the service, each request. */
  readonly cpuMs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/**
 * @param call throws when the answer is not the right one
 * @param cpu processor time of the service so far, in ms
 */
export async function load(
  call: (n: number) => Promise<void>,
  { clients, count, from }: Load,
  cpu: () => number,
): Promise<Measured> {
  const times: number[] = [];
  let next = 0;
  const startedMs = performance.now();
  const cpuBefore = cpu();
  const client = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) {
      const askedMs = performance.now();
      await call(from + n);
      times.push(performance.now() - askedMs);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const cpuMs = (cpu() - cpuBefore) / count;
  const seconds = (performance.now() - startedMs) / 1000;
  times.sort((a, b) => a - b);
  const below = (part: number): number => times[Math.floor(times.length * part)] ?? Number.NaN;
  return { cpuMs, perSecond: count / seconds, p50Ms: below(0.5), p95Ms: below(0.95) };
}
