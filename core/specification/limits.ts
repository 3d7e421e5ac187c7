/**
 * Bounds on specifications that the contract shows; free of the parser, so that the web page need not carry it.
 * @module
 */

/** Longest text of a specification, in bytes of UTF-8. */
export const SPECIFICATION_BYTES_MAX = 256 * 1024;
