import { expect, it } from "vitest";
import { metricsBetween, sumMetrics } from "./metrics.js";

function text(statements: number, items: number): string {
  return [
    "# HELP flovyn_db_statements_total Statements sent.",
    `flovyn_db_statements_total{service="a"} ${statements}`,
    'flovyn_db_statements_total_other{service="a"} 99',
    'flovyn_batch_items_bucket{le="1",service="a",batch="workflow.start"} 3',
    `flovyn_batch_items_sum{service="a",batch="workflow.start"} ${items}`,
    'flovyn_batch_items_count{service="a",batch="workflow.start"} 2',
    'flovyn_sweeps_total{sweep="x",result="ok",service="a"} 4',
    'flovyn_sweeps_total{sweep="y",result="ok",service="a"} 1',
  ].join("\n");
}

it("sums processes and labels", () => {
  const sum = sumMetrics([text(10, 5), text(7, 6)]);
  expect(sum).toEqual({
    statements: 17,
    transactions: 0,
    sweeps: 10,
    batches: new Map([["workflow.start", { batches: 4, items: 11 }]]),
  });
});

it("tells what was added, without batches that did not run", () => {
  const added = metricsBetween(sumMetrics([text(10, 5)]), sumMetrics([text(30, 5)]));
  expect(added.statements).toBe(20);
  expect(added.batches.size).toBe(0);
});
