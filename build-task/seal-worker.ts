/**
 * The thread that reads every file of a package. Here files are read one after the other, without the many hand-overs
 * between threads that asynchronous reading costs: a third of the processor time, and the main thread stays free.
 * @module
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lchownSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
} from "node:fs";
import { dirname, join, normalize } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { InspectOrder, InspectReport, ReadOrder, ReadReport } from "./read-files.ts";

const BUFFER_BYTES = 256 * 1024;
const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
/** By how much the kernel's time for files may lag behind the clock. */
const TICK_MS = 20;
/** Who reads may have a writer beside him: a link in place of a file is not followed, a pipe not waited for. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Running as the file's owner or group, and being written by others than the owner. */
const UNTAMED = 0o7022;
const READ_BY_ALL = 0o444;
const RUN_BY_OWNER = 0o100;
const RUN_BY_ALL = 0o111;

function readAll({ root, files }: ReadOrder): ReadReport {
  const sinceMs = Date.now() - TICK_MS;
  const [missing, different, outside]: [string[], string[], string[]] = [[], [], []];
  const leadsOutside = outsideOf(root);
  const inodes: number[] = [];
  let bytes = 0;
  for (const [path, hashes] of files) {
    inodes.push(0);
    if (leadsOutside(dirname(path))) {
      outside.push(path);
      continue;
    }
    const status = lstatSync(join(root, path), { throwIfNoEntry: false });
    if (status === undefined) missing.push(path);
    else if (hashes.length > 0) {
      const read = status.isFile() ? readFile(join(root, path)) : null;
      bytes += read?.size ?? 0;
      inodes[inodes.length - 1] = read?.inode ?? 0;
      if (read === null || !hashes.includes(read.sha256)) different.push(path);
    }
  }
  return { missing, different, outside, bytes, seen: { inodes, sinceMs } };
}

/** @returns whether a directory below the root is, links followed, none of the root's; asked once for each */
function outsideOf(root: string): (directory: string) => boolean {
  const realRoot = realpathSync.native(root);
  const known = new Map<string, boolean>();
  return (directory) => {
    const before = known.get(directory);
    if (before !== undefined) return before;
    const answer = isOutside(realRoot, join(root, directory));
    known.set(directory, answer);
    return answer;
  };
}

function isOutside(realRoot: string, path: string): boolean {
  try {
    return !`${realpathSync.native(path)}/`.startsWith(`${realRoot}/`);
  } catch {
    // What is not there leads nowhere: files behind it will be missing.
    return false;
  }
}

/** @returns null for anything but a regular file */
function readFile(path: string): { sha256: string; inode: number; size: number } | null {
  const hash = createHash("sha256");
  const file = openSync(path, FLAGS);
  try {
    const status = fstatSync(file);
    if (!status.isFile()) return null;
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
      hash.update(buffer.subarray(0, count));
    }
    return { sha256: hash.digest("hex"), inode: status.ino, size: status.size };
  } finally {
    closeSync(file);
  }
}

function inspect(order: InspectOrder): InspectReport {
  const { root, user } = order;
  const [foreign, outside, tamed]: [string[], string[], string[]] = [[], [], []];
  const mayLeadOut = new Set(order.outwardLinks);
  const realRoot = realpathSync.native(root);
  const { entries, unnamed } = walk(root);
  const special = unnamed;
  for (const [path, status] of entries) {
    const isLink = status.isSymbolicLink();
    if (!isLink && !status.isDirectory() && !status.isFile()) special.push(path);
    const isOurs = status.uid === process.getuid?.() && (status.isDirectory() || status.nlink === 1);
    if (user !== null && status.uid !== user && !isOurs) foreign.push(path);
    if (isLink && !mayLeadOut.has(path) && linkLeadsOut(realRoot, root, path)) outside.push(path);
  }
  const { missing, different, escaped } = readChanged(order, entries);
  outside.push(...escaped);
  // Last, because it changes the times by which changes are told.
  if ([special, foreign, outside].every((list) => list.length === 0)) {
    for (const [path, status] of entries) {
      // What was a stranger's is ours from here on, under every name that it has.
      if (user !== null) lchownSync(join(root, path), ...ourselves());
      const mode = tameMode(status);
      if (status.isSymbolicLink() || mode === (status.mode & 0o7777)) continue;
      chmodSync(join(root, path), mode);
      if ((status.mode & UNTAMED) !== 0) tamed.push(path);
    }
  }
  return { special, foreign, outside, missing, different, tamed };
}

const ourselves = (): [number, number] => [process.getuid?.() ?? -1, process.getgid?.() ?? -1];

/** Consumers are other users: they read everything, run what can be run, enter every directory, and write nothing. */
function tameMode({ mode }: Stats): number {
  return (mode & 0o777 & ~UNTAMED) | READ_BY_ALL | ((mode & RUN_BY_OWNER) === 0 ? 0 : RUN_BY_ALL);
}

/** Every entry of the tree, the root among them. */
function walk(root: string): { entries: Map<string, Stats>; unnamed: string[] } {
  const unnamed: string[] = [];
  const entries = new Map<string, Stats>([["", lstatSync(root)]]);
  const pending = [""];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const name of readdirSync(join(root, directory))) {
      const path = directory === "" ? name : `${directory}/${name}`;
      const status = lstatSync(join(root, path), { throwIfNoEntry: false });
      // A name that is no text is not found by it.
      if (status === undefined) unnamed.push(path);
      else entries.set(path, status);
      if (status?.isDirectory()) pending.push(path);
    }
  }
  return { entries, unnamed };
}

function linkLeadsOut(realRoot: string, root: string, path: string): boolean {
  const target = readlinkSync(join(root, path));
  const named = target.startsWith("/") ? normalize(target) : join(root, dirname(path), target);
  // By its words where it leads nowhere, and by where it leads.
  const inside = [root, realRoot].some((place) => `${named}/`.startsWith(`${place}/`));
  return !inside || isOutside(realRoot, join(root, path));
}

/** Looks again at each file with a hash that is another one than was read, or has changed since. */
function readChanged(
  { root, files, seen }: InspectOrder,
  entries: ReadonlyMap<string, Stats>,
): { missing: string[]; different: string[]; escaped: string[] } {
  const [missing, different, escaped]: [string[], string[], string[]] = [[], [], []];
  const leadsOutside = outsideOf(root);
  for (const [index, [path, hashes]] of files.entries()) {
    const status = entries.get(path) ?? lstatSync(join(root, path), { throwIfNoEntry: false });
    if (status === undefined) missing.push(path);
    else if (hashes.length > 0 && !(status.ino === seen.inodes[index] && status.ctimeMs < seen.sinceMs)) {
      if (leadsOutside(dirname(path))) escaped.push(path);
      else if (!status.isFile() || !hashes.includes(readFile(join(root, path))?.sha256 ?? "")) {
        different.push(path);
      }
    }
  }
  return { missing, different, escaped };
}

const order = workerData as ReadOrder | InspectOrder;
parentPort?.postMessage("seen" in order ? inspect(order) : readAll(order));
