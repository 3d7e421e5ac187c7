/**
 * Bounds on specifications, and formats, that the contract shows; free of the parser, so that the web page need not carry it.
 * @module
 */

/** Longest text of a specification, in bytes of UTF-8. */
export const SPECIFICATION_BYTES_MAX = 256 * 1024;

/** Most files that are merged into one specification; together they have at most the bytes of one. */
export const FILES_MAX = 20;

/** What such a file may be: an environment.yml, a plain list of match specs, a requirements.txt. */
export const FILE_FORMATS = ["environment", "conda", "pip"] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** Longest text of a lockfile, in bytes of UTF-8; compressed it must also fit into an item of the table. */
export const LOCKFILE_BYTES_MAX = 2 * 1024 * 1024;

/** Most entries of each list in `tests:`. */
export const TESTS_MAX = 100;

/** Longest command of `tests:`, in UTF-16 units. */
export const TEST_COMMAND_LENGTH_MAX = 4096;

/** Largest notebook that a test may fetch; one in the specification is bounded with it. */
export const NOTEBOOK_BYTES_MAX = 1024 * 1024;
