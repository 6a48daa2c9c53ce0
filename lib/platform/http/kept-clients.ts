/** Holds connections. */
export interface Retirable {
  /** Takes connections away as soon as nothing uses them. Calls under way finish, and whoever still has it may go on. */
  readonly retire: () => void;
  /** Ends what is running, and closes every connection. */
  readonly close: () => void;
}

/** Clients of a service: one for each configuration, however many calls ask for it at once. */
export interface KeptClients<T extends Retirable> {
  /**
   * @param owner whose configuration it is, such as a profile
   * @param configuration compared part by part; what is opened must depend on nothing else
   * @param open called where there is no client of this configuration; what it throws is not kept
   */
  readonly get: (owner: string, configuration: readonly unknown[], open: () => T) => T;
  /** Closes all, those that were retired too, and keeps none. */
  readonly close: () => void;
}

/** Configurations of one owner that are kept: calls under way still ask by the one before. */
const MAX_CONFIGURATIONS = 2;

/** Clients retired last that a stop still closes. What was retired before has no calls left, as each call has an end. */
const MAX_RETIRED = 64;

interface Kept<T> {
  readonly configuration: readonly unknown[];
  readonly client: T;
}

export function createKeptClients<T extends Retirable>(): KeptClients<T> {
  const kept = new Map<string, readonly Kept<T>[]>();
  let retired: readonly T[] = [];
  return {
    get(owner, configuration, open) {
      const known = kept.get(owner) ?? [];
      const found = known.find((one) => isSame(one.configuration, configuration));
      const used = found ?? { configuration, client: open() };
      const ordered = [used, ...known.filter((one) => one !== found)];
      kept.set(owner, ordered.slice(0, MAX_CONFIGURATIONS));
      for (const { client } of ordered.slice(MAX_CONFIGURATIONS)) {
        client.retire();
        retired = [...retired, client].slice(-MAX_RETIRED);
      }
      return used.client;
    },
    close() {
      for (const client of [...[...kept.values()].flat().map((one) => one.client), ...retired]) client.close();
      kept.clear();
      retired = [];
    },
  };
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((part, index) => part === other[index]);
}
