/** The command line, or what it needs from the environment, is not right. Printed without a stack; exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

export const usage = `flovyn – durable workflows

  flovyn dev        everything in one process, on a Postgres of its own
      --data DIR           where data is kept (.flovyn)
      --host ADDRESS       where it listens (localhost: this machine alone); 0.0.0.0 or :: for every address
      --http-port N        HTTP door (8000)
      --grpc-port N        gRPC door (9090)
      --ops-port N         health and metrics, on this machine alone (a free one)
      --config FILE        configuration file (TOML)
      --database-url URL   use this Postgres instead of an own one
      --nats URL           use this broker instead of the bus inside the process
      --no-demo            serve only
  flovyn serve <gateway|dispatch|tasks|timers|promises|all>
  flovyn migrate [--check]   bring the database to this version's schema
  flovyn doctor              check Postgres, schema, NATS, clocks and ports
  flovyn demo                list the examples
  flovyn demo <name>         run one against a server
      --data DIR             data directory of that server (.flovyn)
      --http-port N          its HTTP door (8000)
      --grpc-port N          its gRPC door (9090)
      --json                 the result as one line of JSON, the rest on standard error
  flovyn org create <slug> | list
      --name TEXT, --tier TEXT
  flovyn token create <name> | list | revoke <id>   credentials of workers
      --expires-in 30d       when the token ends; never without
      --org SLUG             the organization (FLOVYN_ORG; the one of the development server)
      both, and org:
      --http-url URL         the server (FLOVYN_HTTP_URL); without, the development server of --data and --http-port
      --key KEY              who asks (FLOVYN_API_KEY; of the development server its operator for org, its ADMIN for token)
      --json                 one line of JSON
  flovyn auth explain <principal> <action> [<resource>]   which policy decides
  flovyn auth actions                                     what policies may speak of
      --config FILE          configuration with own policies
  flovyn version
`;
