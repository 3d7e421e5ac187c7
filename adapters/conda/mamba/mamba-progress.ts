/**
 * mamba's `-v` output as a live log: a line for a package that arrives, one for a package that is linked.
 * @module
 */
import type { LineSink } from "#core/ports.ts";
import type { TrueChannels } from "../true-channels.ts";

/** Nor is it news that the prefix is an empty directory: it was made for this. */
const NO_NEWS = /^(?:(?:trace|debug|info) +libmamba |warning +libmamba Using existing empty folder)/;

/** @returns a sink for mamba's own lines that passes on what tells a reader something, by true channel names. */
export function progressSink(onLine: LineSink, names: TrueChannels): LineSink {
  let inTransaction = false;
  return (text, stream) => {
    if (stream === "stderr") {
      const arrived = /^info +libmamba Download finished, tarball available at '.*\/([^/']+)'/.exec(
        text,
      )?.[1];
      if (arrived) onLine(`Downloaded ${arrived.replace(/\.(?:conda|tar\.bz2)$/, "")}`, "stdout");
      else if (!NO_NEWS.test(text)) onLine(names.inText(text), stream);
      return;
    }
    // Before it comes a table of the lock, which the caller has; after it, how to activate what is not there yet.
    if (text.startsWith("Transaction starting")) inTransaction = true;
    else if (text.startsWith("Transaction finished")) inTransaction = false;
    else if (inTransaction && text.trim() !== "") onLine(names.inText(text), stream);
  };
}
