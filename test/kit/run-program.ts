/**
 * Runs a program to its end and tells how it went.
 * @module
 */
import { execFile } from "node:child_process";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end; a failure is a value, not an exception.
 * @param env the whole environment of the program: nothing is inherited when it is given
 */
export function runProgram(
  program: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<Ended> {
  const options = { maxBuffer: 64 * 1024 * 1024, ...(env && { env: { ...env } }) };
  return new Promise((resolve) => {
    const child = execFile(program, [...args], options, (error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr: stderr || (error?.message ?? "") });
    });
  });
}
