import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { bearer, DUMMY_PASSWORD } from "#test/kit/api.ts";
import { CHROMIUM, useSite } from "#test/kit/browser.ts";
import { JOURNEY, PATIENCE, visit } from "#test/kit/site-visitor.ts";
import { completed } from "#test/kit/submissions.ts";

const ADMIN = { "*/*": ["admin"] } as const;

/** Of each dialog: where it is, what opens it, what is filled in, what sends it, and what is there then. */
const DIALOGS = [
  {
    what: "a new token",
    at: "me",
    opens: "Make a token",
    fields: { "What it is for": "nightly", "Where it may be used": "alice/*" },
    sends: "Make",
    shows: (page: Page) => page.getByRole("row", { name: /nightly/ }),
  },
  {
    what: "a new token that may what one may",
    at: "me",
    opens: "Make a token",
    fields: { "What it is for": "weekly" },
    sends: "Make",
    shows: (page: Page) => page.getByRole("row", { name: /weekly/ }),
  },
  {
    what: "a new member",
    at: "namespace?namespace=alice",
    opens: "Add",
    fields: { "Members of namespace": "bob" },
    sends: "Add",
    shows: (page: Page) => page.getByLabel("Role of bob", { exact: true }),
  },
  {
    what: "a setting",
    at: "settings?namespace=alice",
    opens: "Change builds_kept",
    fields: { "Value, as JSON": "7" },
    sends: "Save",
    shows: (page: Page) => page.getByRole("row", { name: /builds_kept 7/ }),
  },
  {
    what: "a description",
    at: "alice/mine",
    opens: "Describe",
    fields: { Description: "Written at length" },
    sends: "Save",
    shows: (page: Page) => page.getByText("Written at length", { exact: true }).first(),
  },
  {
    what: "a clone",
    at: "alice/mine",
    opens: "Clone",
    fields: { "Name of the clone": "copied" },
    sends: "Clone",
    shows: (page: Page) => page.getByRole("heading", { name: "alice/copied" }),
  },
] as const;

describe.skipIf(CHROMIUM === null)("a login that ends while a dialog is open", JOURNEY, () => {
  const site = useSite();

  it.each(DIALOGS)(
    "leaves $what as it was typed, and takes it after a login in another tab",
    async (dialog) => {
      const { services } = site.api;
      const admin = bearer(await site.api.token(ADMIN));
      await site.api.request("/api/v1/namespace/bob/", { method: "POST", headers: admin });
      await completed(services.db, "alice", "mine");
      const { page, faults } = await visit(site, { "alice/*": ["admin"] });
      await page.goto(`${site.url}${dialog.at}`);
      await page.getByRole("button", { name: dialog.opens, exact: true }).click();
      const open = page.getByRole("dialog");
      if (dialog.what === "a clone")
        await open.getByLabel("The very same packages, instead of a new solve").uncheck();
      for (const [label, text] of Object.entries(dialog.fields)) await open.getByLabel(label).fill(text);

      await page.context().clearCookies();
      const send = open.getByRole("button", { name: dialog.sends, exact: true });
      await send.click();
      const [tab] = await Promise.all([
        page.context().waitForEvent("page", PATIENCE),
        open.getByRole("link", { name: "Your login has ended" }).click(),
      ]);
      await tab.getByLabel("User name").fill("alice");
      await tab.getByLabel("Password").fill(DUMMY_PASSWORD);
      await tab.getByRole("button", { name: "Log in" }).click();
      await tab.getByRole("heading", { name: "Environments" }).waitFor();
      await tab.close();
      for (const [label, text] of Object.entries(dialog.fields))
        expect(await open.getByLabel(label).inputValue()).toBe(text);

      await send.click();
      await dialog.shows(page).waitFor();
      if (dialog.at === "me") await open.getByRole("button", { name: "Close" }).click();
      // What is offered is once more what the user may do.
      await page.getByRole("button", { name: "Log out" }).waitFor();
      expect(faults).toEqual([]);
      await page.context().close();
    },
  );
});
