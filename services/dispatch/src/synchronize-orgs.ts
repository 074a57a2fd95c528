import { findOrganization, isUniqueViolation, upsertOrganizations } from "@flovyn/db";
import { ConfigError } from "@flovyn/runtime";
import type { DispatchContext } from "./context.js";

/**
 * Brings the organizations of the configuration into the database, by id.
 * Errors: ConfigError naming those whose slug another organization has.
 */
export async function synchronizeOrgs({ config, db, clock, log }: DispatchContext): Promise<void> {
  const { orgs } = config;
  if (orgs.length === 0) return;
  const org = orgs.map(({ quotas, ...rest }) => ({ ...rest, quotas: JSON.stringify(quotas) }));
  try {
    await upsertOrganizations(db, { now: clock.now(), org });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const problems: string[] = [];
    for (const [index, { id, slug }] of orgs.entries()) {
      const holder = await findOrganization(db, { slug });
      if (holder === undefined || holder.id === id) continue;
      problems.push(`orgs[${index}].slug: ${slug} is the slug of another organization, ${holder.id}`);
    }
    throw new ConfigError(problems.length > 0 ? problems : ["orgs: a slug is that of another organization"]);
  }
  log.info({ orgs: orgs.length }, "organizations synchronized");
}
