/**
 * Running a program as another user of the machine, for good: by util-linux's setpriv, which also sees to it that no program
 * of a set-uid kind leads back (`no_new_privs`), which Node's own `uid` option does not.
 * @module
 */

export const SETPRIV = "/usr/bin/setpriv";

/** The command line that becomes the user (and the group) of this number, without groups and without capabilities. */
export function asUser(
  user: number,
  program: string,
  args: readonly string[],
): { readonly program: string; readonly args: readonly string[] } {
  const become = [
    `--reuid=${user}`,
    `--regid=${user}`,
    "--clear-groups",
    "--no-new-privs",
    "--inh-caps=-all",
  ];
  return { program: SETPRIV, args: [...become, "--", program, ...args] };
}

/** setpriv's own exit codes for a program that it could not become, and what it then says. */
export function failedToStart(code: number | null, stderr: string): boolean {
  return (code === 126 || code === 127) && stderr.startsWith("setpriv: failed to execute");
}
