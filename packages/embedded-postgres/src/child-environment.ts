/**
 * What initdb and postgres get to see of the environment: almost nothing, so that a stray PGDATA, LC_ALL of a locale that is not
 * installed, or a missing HOME changes nothing. A fixed time zone also spares initdb its search for the local one.
 */
export function childEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
}
