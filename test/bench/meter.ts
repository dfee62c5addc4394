// Loaded before the entry of a process that is measured (`node --import`): answers what the process has used so far.
// Nothing of the entry itself is changed.
export type Usage = {
  /** User and system, since the process began. */
  readonly cpuMs: number;
  readonly rssMB: number;
  readonly peakRssMB: number;
};

process.on("message", (question) => {
  if (question !== "usage") return;
  const { user, system } = process.cpuUsage();
  const usage: Usage = {
    cpuMs: (user + system) / 1000,
    rssMB: process.memoryUsage.rss() / 1e6,
    peakRssMB: process.resourceUsage().maxRSS / 1000,
  };
  process.send?.(usage);
});
process.channel?.unref(); // must not keep the process alive
