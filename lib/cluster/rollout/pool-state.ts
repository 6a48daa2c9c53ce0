/** What a MachineConfigPool says of itself. What the text did not show is undefined: it is not taken for good. */
export interface PoolState {
  readonly name: string;
  /** File and line, for messages. */
  readonly origin: string;
  readonly generation: number | undefined;
  readonly observedGeneration: number | undefined;
  readonly paused: boolean | undefined;
  /** The configuration that the controller made last. */
  readonly wanted: RenderedConfiguration | undefined;
  /** The one that the pool completed last. */
  readonly current: RenderedConfiguration | undefined;
  readonly machines: MachineCounts;
  readonly conditions: readonly PoolCondition[];
  /** Undefined where the text does not show it; then a MachineConfig's role says whose it is. */
  readonly selector: LabelSelector | undefined;
}

export interface RenderedConfiguration {
  /** Such as `rendered-worker-<hash>`. */
  readonly name: string | undefined;
  /** Names of the MachineConfigs that it is made of. */
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

/** Of Kubernetes: all of it has to hold. */
export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

/** A MachineConfig, with the files that it writes. */
export interface KnownMachineConfig {
  readonly name: string;
  readonly origin: string;
  readonly labels: Readonly<Record<string, string>>;
  /** By path; undefined contents are a file that is fetched, or encoded as this version cannot read. */
  readonly files: ReadonlyMap<string, Uint8Array | undefined>;
}

/** What a node says that it runs by. */
export interface KnownNode {
  readonly name: string;
  readonly origin: string;
  readonly currentConfig: string | undefined;
  readonly desiredConfig: string | undefined;
  /** `Done`, `Working`, `Degraded`, … */
  readonly state: string | undefined;
}

/** All that was handed in about a cluster. */
export interface ClusterState {
  readonly pools: readonly PoolState[];
  readonly machineConfigs: readonly KnownMachineConfig[];
  readonly nodes: readonly KnownNode[];
}
