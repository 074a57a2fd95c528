import type { Bus } from "@flovyn/bus";
import { DomainError, isUuid } from "@flovyn/domain";
import { type OrgView, ResolveOrgRequest, ResolveOrgResponse } from "@flovyn/proto/internal";
import { askDispatch } from "../auth/gateway-caller.js";
import { BoundedCache } from "../cache/bounded-cache.js";
import { callTimeoutMs, orgSlugsMax, orgSlugTtlMs, unknownSlugTtlMs } from "../limits.js";

const slugForm = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const slugLengthMax = 100;

/** Which org a slug names, asked of dispatch and remembered for a minute. */
export class OrgSlugs {
  readonly #bus: Bus;
  /** Empty means that no org has the slug. */
  readonly #orgIds: BoundedCache<string>;

  constructor(options: { bus: Bus; now: () => number }) {
    this.#bus = options.bus;
    this.#orgIds = new BoundedCache({ entriesMax: orgSlugsMax, now: options.now });
  }

  /** The org id, empty when there is no such org. Errors: Unavailable, Timeout. */
  async find(slug: string): Promise<string> {
    if (slug.length > slugLengthMax || !slugForm.test(slug)) return "";
    const known = this.#orgIds.get(`slug:${slug}`);
    if (known !== undefined) return known;
    const orgId = await this.#ask({ slug, id: "" });
    this.#orgIds.set(`slug:${slug}`, orgId, orgId === "" ? unknownSlugTtlMs : orgSlugTtlMs);
    return orgId;
  }

  /** The same for an id or a slug; ids are looked up, too, because whoever names one may have made it up. */
  async findAny(idOrSlug: string): Promise<string> {
    if (!isUuid(idOrSlug)) return this.find(idOrSlug);
    const id = idOrSlug.toLowerCase();
    const known = this.#orgIds.get(`id:${id}`);
    if (known !== undefined) return known;
    const orgId = await this.#ask({ slug: "", id });
    this.#orgIds.set(`id:${id}`, orgId, orgId === "" ? unknownSlugTtlMs : orgSlugTtlMs);
    return orgId;
  }

  /** Tier and quotas of an org; undefined when there is none. Errors: Unavailable, Timeout. */
  async facts(orgId: string): Promise<OrgView | undefined> {
    return (await this.#request({ slug: "", id: orgId }))?.org;
  }

  async #ask(org: { slug: string; id: string }): Promise<string> {
    return (await this.#request(org))?.orgId ?? "";
  }

  async #request(org: { slug: string; id: string }): Promise<ResolveOrgResponse | undefined> {
    try {
      const answer = await askDispatch(this.#bus, {
        operation: "internal/ResolveOrg",
        payload: ResolveOrgRequest.encode(org).finish(),
        timeoutMs: callTimeoutMs,
      });
      return ResolveOrgResponse.decode(answer);
    } catch (error) {
      if (error instanceof DomainError && error.code === "NotFound") return undefined;
      throw error;
    }
  }
}
