import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** Where figures were taken; without it they say nothing. */
export interface MachineFacts {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly runtime: string;
  /** Processes that wanted a core during the last minute; 0 where the system does not tell. */
  readonly load: number;
}

export function machineFacts(runtime: string): MachineFacts {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    runtime,
    load: loadavg()[0] ?? 0,
  };
}

export function machineLine({ processor, cores, memoryGiB, system, node, runtime, load }: MachineFacts): string {
  return `${cores} cores (${processor}), ${memoryGiB} GiB, ${system}, Node ${node}, ${runtime}, load average ${load.toFixed(1)}`;
}
