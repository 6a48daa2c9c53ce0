/** The state of a MachineConfigPool. What the input does not show is undefined, and never counts as good. */
export interface PoolState {
  readonly name: string;
  /** File and line, for messages. */
  readonly origin: string;
  readonly generation: number | undefined;
  readonly observedGeneration: number | undefined;
  readonly paused: boolean | undefined;
  /** The configuration that the controller rendered last. */
  readonly wanted: RenderedConfiguration | undefined;
  /** The configuration that the pool completed last. */
  readonly current: RenderedConfiguration | undefined;
  readonly machines: MachineCounts;
  readonly conditions: readonly PoolCondition[];
  /** Undefined if the input does not show it: then the role label of a MachineConfig decides. */
  readonly selector: LabelSelector | undefined;
}

export interface RenderedConfiguration {
  /** Such as `rendered-worker-<hash>`. */
  readonly name: string | undefined;
  /** Names of the MachineConfigs that it was rendered from. */
  readonly sources: readonly string[];
}

export interface MachineCounts {
  readonly total: number | undefined;
  readonly updated: number | undefined;
  readonly ready: number | undefined;
  readonly unavailable: number | undefined;
  readonly degraded: number | undefined;
}

export interface PoolCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A label selector of Kubernetes: every part must match. */
export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

/** A MachineConfig with the files that it writes. */
export interface KnownMachineConfig {
  readonly name: string;
  readonly origin: string;
  readonly labels: Readonly<Record<string, string>>;
  /** By path; undefined for a file that the node fetches, or whose encoding is unknown. */
  readonly files: ReadonlyMap<string, Uint8Array | undefined>;
  /** Units of systemd and their drop-ins, by the path at which nodes have them. */
  readonly units: ReadonlyMap<string, Uint8Array>;
}

/** The MachineConfigs that a node reports. */
export interface KnownNode {
  readonly name: string;
  readonly origin: string;
  readonly currentConfig: string | undefined;
  readonly desiredConfig: string | undefined;
  /** `Done`, `Working`, `Degraded`, … */
  readonly state: string | undefined;
}

/** The state of a cluster, as far as the input shows it. */
export interface ClusterState {
  readonly pools: readonly PoolState[];
  readonly machineConfigs: readonly KnownMachineConfig[];
  readonly nodes: readonly KnownNode[];
}
