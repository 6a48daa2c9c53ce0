import { parseArgs } from 'node:util';
import { parseRegistryOrigin } from '../cli/open/registries.ts';
import { InputError } from '../lib/base/errors/input-error.ts';
import { type AskedNames, toAskedNames } from './asked-names.ts';

/** Options of `npm start`, as `node:util` parses them. */
export const START_OPTIONS = {
  port: { type: 'string', default: '8080' },
  host: { type: 'string', default: '127.0.0.1' },
  'public-name': { type: 'string', multiple: true },
  data: { type: 'string', default: './data' },
  trust: { type: 'string' },
  store: { type: 'string', multiple: true },
  'allow-private-stores': { type: 'boolean', default: false },
  webhooks: { type: 'string' },
  admission: { type: 'string' },
  'pull-secret': { type: 'string' },
  registry: { type: 'string', multiple: true },
  graph: { type: 'string', multiple: true },
  'graph-channel': { type: 'string', multiple: true },
  'graph-arch': { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export const START_HELP = `Runs the Signet service on this machine.

Usage: npm start -- [options]

  --port N                 port of the API (default 8080; 0 takes a free one)
  --host ADDRESS           address to listen on (default 127.0.0.1; there is no authorizer here)
  --public-name NAME       host name under which others reach the service, as behind a proxy (repeatable)
  --data DIR               objects and queues are kept here (default ./data)
  --trust DIR              trust documents, published on start and when they change (default ./trust, if it is there)
  --store URL|DIR          read signatures here instead of the profiles' stores (repeatable)
  --allow-private-stores   contact stores and registries at loopback and private addresses
  --webhooks FILE          credentials of registry webhooks (default: none, and then there are no webhooks)
  --admission FILE         tokens of clusters that ask for admission (default: none, and then none may)
  --pull-secret FILE       config.json whose credentials open the registries of push sources
  --registry HOST=ORIGIN   reach a registry's API elsewhere, as in localhost:5000=http://127.0.0.1:5000 (repeatable)
  --graph PROFILE=URL      mirror what this update graph names, now and every hour (repeatable)
  --graph-channel NAME     channel to ask each graph for (repeatable)
  --graph-arch NAME        architecture to ask each graph for (repeatable)
  -h, --help               show this

Without trust documents a demo profile is made, whose signature store this process serves itself.
`;

export interface StartOptions {
  readonly port: number;
  readonly host: string;
  /** Under which it may be asked: those of `host`, and public ones. */
  readonly names: AskedNames;
  readonly data: string;
  /** Undefined: ./trust if it is there, else the demo. */
  readonly trust: string | undefined;
  readonly stores: readonly string[] | undefined;
  readonly allowPrivateStores: boolean;
  readonly webhooks: string | undefined;
  readonly admission: string | undefined;
  readonly pullSecret: string | undefined;
  /** By registry host: the origin of its API. */
  readonly apiOrigins: ReadonlyMap<string, string>;
  /** `profile=URL` each. */
  readonly graphs: readonly string[];
  readonly graphChannels: readonly string[];
  readonly graphArchitectures: readonly string[];
}

/** @returns undefined when help is asked for @throws InputError `ArgumentInvalid` */
export function parseStartOptions(args: readonly string[]): StartOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const port = Number(values.port);
  if (!/^[0-9]{1,5}$/.test(values.port) || port > 65_535) {
    throw new InputError(
      'ArgumentInvalid',
      `--port takes a number from 0 to 65535, not ${JSON.stringify(values.port)}`,
    );
  }
  const { host, data, trust, store: stores, webhooks, admission, 'pull-secret': pullSecret, registry = [] } = values;
  // An empty host would mean every address, and an empty path the current directory.
  for (const [name, value] of Object.entries({
    host,
    data,
    trust,
    store: stores,
    webhooks,
    admission,
    'pull-secret': pullSecret,
    'public-name': values['public-name'],
  })) {
    if ([value].flat().includes('')) throw new InputError('ArgumentInvalid', `--${name} must not be empty`);
  }
  const allowPrivateStores = values['allow-private-stores'];
  const apiOrigins = new Map(registry.map(parseRegistryOrigin));
  return {
    port,
    host,
    names: toAskedNames(host, values['public-name'] ?? []),
    data,
    trust,
    stores,
    allowPrivateStores,
    webhooks,
    admission,
    pullSecret,
    apiOrigins,
    graphs: values.graph ?? [],
    graphChannels: values['graph-channel'] ?? [],
    graphArchitectures: values['graph-arch'] ?? [],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: START_OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    throw new InputError('ArgumentInvalid', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
