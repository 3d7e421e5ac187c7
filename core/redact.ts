/**
 * Takes secrets out of text before it reaches a log, a reply or a file.
 * Every pattern begins with a literal or a look-behind and has no nested repetition, so that the time is linear in
 * the length of the line: the text comes from users' own code.
 * @module
 */

/** What stands where a secret stood. */
export const REDACTED = "***";

type Rule = readonly [pattern: RegExp, replacement: string];

const RULES: readonly Rule[] = [
  // user:password@ in any address; greedy, since a password may hold an "@"
  [/:\/\/[^\s/"'<>]*@/g, `://${REDACTED}@`],
  // conda's token in a path
  [/(?<![A-Za-z0-9_.-])t\/[^\s/"'<>]+/g, `t/${REDACTED}`],
  [
    /([?&](?:x-amz-[a-z-]{1,30}|signature|sig|awsaccesskeyid|key-pair-id|policy|(?:access_|id_|refresh_)?token|api_?key|jwt|code)=)[^&\s"'<>#]+/gi,
    `$1${REDACTED}`,
  ],
  // the whole header: a digest or a signature has several parts
  [/(authorization["']?\s{0,8}[:=]\s{0,8}["']?)[^\r\n"']+/gi, `$1${REDACTED}`],
  [/(?<![A-Za-z0-9])(bearer|basic)(\s{1,8})[A-Za-z0-9._~+/=-]{8,}/gi, `$1$2${REDACTED}`],
  [/((?:set-)?cookie["']?\s{0,8}:\s{0,8}["']?)[^\r\n"']+/gi, `$1${REDACTED}`],
  [
    /((?:password|passwd|secret|session_?token|secret_?access_?key|client_?secret|api_?key|auth_?token|access_?token)["']?\s{0,3}=\s{0,3}["']?)[^\s"',;&]+/gi,
    `$1${REDACTED}`,
  ],
  [
    /(["'](?:[a-z_-]{0,40})(?:password|passwd|secret|token|secret_?access_?key|api_?key)["']\s{0,3}:\s{0,3})(["'])[^"']+\2/gi,
    `$1$2${REDACTED}$2`,
  ],
  [/(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])/g, REDACTED],
  // JSON web tokens, conda-store's among them
  [/(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)?/g, REDACTED],
];

/**
 * @param text a line or a message.
 * @returns the text with credentials of addresses, tokens in paths and queries, authorization headers, AWS keys,
 *   passwords and JSON web tokens replaced by `***`. Applying it twice changes nothing more.
 */
export function redact(text: string): string {
  let result = text;
  for (const [pattern, replacement] of RULES) result = result.replace(pattern, replacement);
  return result;
}
