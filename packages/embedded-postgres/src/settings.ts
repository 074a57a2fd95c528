/**
 * Settings of a server that shares its machine with the services and their workers. Durability is not traded for speed: what was
 * acknowledged survives a power cut. The caller may override any of them.
 */
const DEFAULTS: Record<string, string> = {
  max_connections: "200",
  shared_buffers: "128MB",
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  // A dump to another server needs no replica, but the default level keeps base backups possible.
  wal_level: "replica",
  min_wal_size: "128MB",
  max_wal_size: "2GB",
  checkpoint_timeout: "15min",
  // The statements are short and indexed: compiling or parallelising them costs more than it brings, and parallel workers
  // would need more /dev/shm than a container has.
  jit: "off",
  max_parallel_workers_per_gather: "0",
  random_page_cost: "1.1",
  log_checkpoints: "off",
  log_timezone: "UTC",
  timezone: "UTC",
  lc_messages: "C",
};

/** Settings that the package depends on. */
function fixed(port: number): Record<string, string> {
  return {
    port: String(port),
    listen_addresses: "127.0.0.1",
    // No socket file: its path may be at most 107 bytes, and a checkout can lie deeper than that.
    unix_socket_directories: "",
    logging_collector: "off",
    log_destination: "stderr",
  };
}

export function serverArguments(port: number, overrides: Record<string, string>): string[] {
  const settings = { ...DEFAULTS, ...overrides, ...fixed(port) };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

export function isDurable(overrides: Record<string, string>): boolean {
  return overrides.fsync !== "off";
}
