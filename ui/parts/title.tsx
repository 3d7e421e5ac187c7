import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { WORDS } from "../words/common.ts";

/**
 * The heading of a page. It names the tab too, and takes the focus when the page was changed by a link, so that a screen
 * reader begins there; not at the first load, where the browser's own order holds.
 */
export function Title({ text, children }: { text: string; children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${text} – ${WORDS.product}`;
    // Where the page is scrolled to is the router's to say.
    if (pagesShown > 0) heading.current?.focus({ preventScroll: true });
    pagesShown += 1;
  }, [text]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children ?? text}
    </h1>
  );
}

let pagesShown = 0;
