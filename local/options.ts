import { parseArgs } from 'node:util';
import { parseRegistryOrigin } from '../cli/open/registries.ts';
import { InputError } from '../lib/base/errors/input-error.ts';
import { type AskedNames, toAskedNames } from './asked-names.ts';
import type { TlsFiles } from './front/tls-files.ts';
import { parseNotifyUrls } from './notify/send-notifications.ts';

/** Options of `npm start`, as `node:util` parses them. */
export const START_OPTIONS = {
  port: { type: 'string', default: '8080' },
  host: { type: 'string', default: '127.0.0.1' },
  'public-name': { type: 'string', multiple: true },
  data: { type: 'string', default: './data' },
  objects: { type: 'string' },
  trust: { type: 'string' },
  store: { type: 'string', multiple: true },
  'allow-private-stores': { type: 'boolean', default: false },
  webhooks: { type: 'string' },
  admission: { type: 'string' },
  'auth-token-file': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'client-ca': { type: 'string' },
  notify: { type: 'string', multiple: true },
  'notify-secret': { type: 'string' },
  'sign-key': { type: 'string' },
  'pull-secret': { type: 'string' },
  console: { type: 'string' },
  registry: { type: 'string', multiple: true },
  graph: { type: 'string', multiple: true },
  'graph-channel': { type: 'string', multiple: true },
  'graph-arch': { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export const START_HELP = `Usage: npm start -- [options]

run the service on this machine until it is interrupted

Options:
  --port N                 port of the API (default 8080; 0 takes a free one)
  --host ADDRESS           address to listen on (default 127.0.0.1; on others see --auth-token-file and --client-ca)
  --public-name NAME       host name under which others reach the service, as behind a proxy (repeatable)
  --data DIR               objects and queues are kept here (default ./data)
  --objects DIR|s3://…     keep objects in this folder or bucket, and queues alone in --data; needs --trust
  --trust DIR              trust documents, published on start and when they change (default ./trust, if it is there)
  --store URL|DIR          read signatures here instead of the profiles' stores (repeatable)
  --allow-private-stores   contact stores and registries at loopback and private addresses
  --webhooks FILE          credentials of registry webhooks (default: none, and then there are no webhooks)
  --admission FILE         tokens of clusters that ask for admission (default: none, and then none may)
  --auth-token-file FILE   who may ask: lines reader:SHA256 and operator:SHA256 of tokens, and ROLE:cn=NAME
  --tls-cert FILE          serve HTTPS with this certificate chain (PEM), read again when it is renewed
  --tls-key FILE           its private key (PEM)
  --client-ca FILE         authorities of client certificates: a cluster's for --admission, a reader's for the rest
  --notify URL             send verdicts and their changes there, as signed CloudEvents (repeatable)
  --notify-secret FILE     the key that they are signed by: whsec_ and base64
  --sign-key FILE|ARN      sign accepted records and each day of records by this private key (PEM, or a key of KMS)
  --pull-secret FILE       config.json whose credentials open the registries of push sources
  --console DIR            serve the built page from here (default ./console/dist, if it is there)
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
  /** A folder or `s3://bucket[/prefix]`. Undefined: below `data`. */
  readonly objects: string | undefined;
  /** Undefined: ./trust if it is there, else the demo. */
  readonly trust: string | undefined;
  readonly stores: readonly string[] | undefined;
  readonly allowPrivateStores: boolean;
  readonly webhooks: string | undefined;
  readonly admission: string | undefined;
  /** Undefined: open on loopback. */
  readonly authTokenFile: string | undefined;
  /** Undefined: plain HTTP. */
  readonly tls: TlsFiles | undefined;
  /** URLs that verdicts are sent to. */
  readonly notify: readonly string[];
  /** File of the key that they are signed by; there if `notify` names any. */
  readonly notifySecret: string | undefined;
  /** A PEM file or the ARN of a key of KMS. Undefined: nothing is signed. */
  readonly signKey: string | undefined;
  readonly pullSecret: string | undefined;
  /** Undefined: ./console/dist if it is there, else no page. */
  readonly console: string | undefined;
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
    objects: values.objects,
    trust,
    store: stores,
    webhooks,
    admission,
    'auth-token-file': values['auth-token-file'],
    'pull-secret': pullSecret,
    console: values.console,
    'notify-secret': values['notify-secret'],
    'sign-key': values['sign-key'],
    'public-name': values['public-name'],
    'tls-cert': values['tls-cert'],
    'tls-key': values['tls-key'],
    'client-ca': values['client-ca'],
  })) {
    if ([value].flat().includes('')) throw new InputError('ArgumentInvalid', `--${name} must not be empty`);
  }
  if ((values.notify !== undefined) !== (values['notify-secret'] !== undefined)) {
    throw new InputError('ArgumentInvalid', '--notify and --notify-secret: give both, or none');
  }
  const { 'allow-private-stores': allowPrivateStores, 'auth-token-file': authTokenFile } = values;
  const tls = toTlsFiles(values);
  const apiOrigins = new Map(registry.map(parseRegistryOrigin));
  return {
    port,
    host,
    names: toAskedNames(host, values['public-name'] ?? []),
    data,
    objects: values.objects,
    trust,
    stores,
    allowPrivateStores,
    webhooks,
    admission,
    authTokenFile,
    tls,
    notify: parseNotifyUrls(values.notify ?? []),
    notifySecret: values['notify-secret'],
    signKey: values['sign-key'],
    pullSecret,
    console: values.console,
    apiOrigins,
    graphs: values.graph ?? [],
    graphChannels: values['graph-channel'] ?? [],
    graphArchitectures: values['graph-arch'] ?? [],
  };
}

/** @throws InputError `ArgumentInvalid` for one of the two without the other */
function toTlsFiles(values: ReturnType<typeof parse>): TlsFiles | undefined {
  const { 'tls-cert': cert, 'tls-key': key, 'client-ca': clientCa } = values;
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new InputError('ArgumentInvalid', '--tls-cert, --tls-key and --client-ca: give certificate and key together');
  }
  return { cert, key, clientCa };
}

/** What says how the service runs, and not whom it trusts: a container's own arguments may stand before the user's. */
const LAST_COUNTS: ReadonlySet<string> = new Set(['port', 'host', 'data', 'console']);

function parse(args: readonly string[]) {
  const { values, tokens } = parseTokens(args);
  const given = tokens.flatMap((token) => (token.kind === 'option' ? token : []));
  for (const [at, { name }] of given.entries()) {
    const { type, multiple = false }: { readonly type: string; readonly multiple?: boolean } = START_OPTIONS[name];
    if (type !== 'string' || multiple || LAST_COUNTS.has(name)) continue;
    if (given.findIndex((one) => one.name === name) === at) continue;
    throw new InputError('ArgumentInvalid', `--${name} takes one value, and is given twice`);
  }
  return values;
}

function parseTokens(args: readonly string[]) {
  try {
    const rules = { options: START_OPTIONS, strict: true, allowPositionals: false, tokens: true } as const;
    return parseArgs({ args: [...args], ...rules });
  } catch (cause) {
    throw new InputError('ArgumentInvalid', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
