import type { PollPlan } from "./poll-delays.js";

export interface ExportRequest {
  report: string;
  polling: PollPlan;
}

/** What the export service says of a job. */
export type ExportStatus =
  | { status: "running"; percent: number }
  | { status: "ready"; url: string }
  | { status: "failed"; reason: string };

export interface ExportedReport {
  report: string;
  url: string;
  looks: number;
}

export const sampleExport: ExportRequest = {
  report: "revenue-2026",
  polling: { firstMs: 200, factor: 2, maxMs: 2000, looksMax: 10 },
};
