import type { WorkflowEvent } from "@flovyn/proto/v1";
import { ReplayError } from "./replayed.js";

/** Members of the data of one event. */
export class EventFields {
  readonly type: string;
  readonly #sequence: number;
  readonly #data: Record<string, unknown>;

  constructor(type: string, event: WorkflowEvent) {
    const data: unknown = JSON.parse(event.eventData.toString());
    if (typeof data !== "object" || data === null || Array.isArray(data)) {
      throw new ReplayError(`event ${event.sequenceNumber} has data that is no object`);
    }
    this.type = type;
    this.#sequence = event.sequenceNumber;
    this.#data = data as Record<string, unknown>;
  }

  /** The text of the first of the members that is there. */
  text(...keys: string[]): string {
    const value = this.value(...keys);
    if (typeof value !== "string") throw this.#lacks(`text under ${keys.join(" or ")}`);
    return value;
  }

  /** The first of the members that is there, null included. */
  value(...keys: string[]): unknown {
    const key = keys.find((one) => one in this.#data);
    if (key === undefined) throw this.#lacks(keys.join(" or "));
    return this.#data[key];
  }

  /** True when the member is there and equal. */
  has(key: string, value: string): boolean {
    return this.#data[key] === value;
  }

  #lacks(what: string): ReplayError {
    return new ReplayError(`${this.type} at ${this.#sequence} lacks ${what}`);
  }
}

/** A history as one family sees it. */
export class EventLog {
  readonly #events: EventFields[];

  /** `take` gives the type that the family takes a type for, or undefined where it drops the event. */
  constructor(events: readonly WorkflowEvent[], take: (type: string) => string | undefined) {
    this.#events = events.flatMap((event) => {
      const type = take(event.eventType);
      return type === undefined ? [] : [new EventFields(type, event)];
    });
  }

  of(...types: string[]): EventFields[] {
    return this.#events.filter(({ type }) => types.includes(type));
  }

  /** The last of these events whose member has the value. */
  last(types: readonly string[], key: string, value: string): EventFields | undefined {
    return this.#events.findLast((event) => types.includes(event.type) && event.has(key, value));
  }
}
