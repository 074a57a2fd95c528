import type { Bus, IncomingRequest, ServiceName } from "@flovyn/bus";
import { createInProcessBus } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";

export const quietLog = { debug() {}, info() {}, warn() {}, error() {} };

type Answer = Uint8Array | ((request: IncomingRequest) => Uint8Array | Promise<Uint8Array>);

/** Services that answer as a test tells them to, and remember what they were asked. */
export class FakeServices {
  readonly bus: Bus = createInProcessBus({ log: quietLog });
  readonly requests: IncomingRequest[] = [];
  readonly #answers = new Map<string, Answer>();

  async start(...services: ServiceName[]): Promise<void> {
    for (const service of services) await this.bus.serve(service, (request) => this.#handle(request));
  }

  answer(operation: string, answer: Answer): void {
    this.#answers.set(operation, answer);
  }

  fail(operation: string, error: unknown): void {
    this.#answers.set(operation, () => Promise.reject(error));
  }

  /** What was asked of one operation. */
  of(operation: string): IncomingRequest[] {
    return this.requests.filter((request) => request.operation === operation);
  }

  async #handle(request: IncomingRequest): Promise<Uint8Array> {
    this.requests.push(request);
    const answer = this.#answers.get(request.operation);
    if (answer === undefined) throw new DomainError("Unimplemented", `${request.operation} has no answer in this test`);
    return typeof answer === "function" ? answer(request) : answer;
  }
}
