import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { idleCost, renderCost, type Template } from "#scripts/cost/render.ts";
import { synthesize } from "#test/kit/template.ts";

const template = synthesize().toJSON() as Template;

test("docs/cost.md is what template, workloads and prices make: npm run cost writes it", () => {
  const page = readFileSync(new URL("../../docs/cost.md", import.meta.url), "utf8");
  expect(page).toBe(renderCost(template));
});

test("an idle month costs two dollars at most after what every account has free, and little more by the list", () => {
  const { list, afterFree } = idleCost(template);

  expect(afterFree).toBeLessThanOrEqual(2);
  expect(list).toBeGreaterThan(afterFree);
  // The dashboard is the one thing that is free by number and dear by the list.
  expect(list).toBeLessThanOrEqual(6);
});

test("what the template has is what is counted: a further secret costs what a secret costs", () => {
  const secret = { Type: "AWS::SecretsManager::Secret", Properties: {} };
  const more: Template = { Resources: { ...template.Resources, Another: secret } };

  expect(idleCost(more).list - idleCost(template).list).toBeCloseTo(0.4);
});
