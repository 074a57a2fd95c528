import type { LogFields, Logger } from "../logger.js";

/** A streamed piece, as whoever watches gets it. */
export type StreamedPiece =
  | { readonly type: "token"; readonly text: string }
  | { readonly type: "progress"; readonly progress: number; readonly details?: string }
  | { readonly type: "data"; readonly data: unknown }
  | { readonly type: "error"; readonly message: string; readonly code?: string };

export interface LoggedLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** What a task function told through its context. */
export class TaskRecord {
  readonly progress: { readonly progress: number; readonly details: string }[] = [];
  readonly streamed: StreamedPiece[] = [];
  readonly lines: LoggedLine[] = [];
  heartbeats = 0;

  /** A logger that keeps its lines here. */
  logger(): Logger {
    const line = (level: keyof Logger) => (message: string, fields?: LogFields) => {
      this.lines.push({ level, message, fields });
    };
    return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  }
}
