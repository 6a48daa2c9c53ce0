import { ConfigurationError } from '../../base/errors/configuration-error.ts';

/** Everything that a function may read from its environment; each reads the settings that it names. */
interface Settings {
  /** `s3://bucket[/prefix]` or a directory. */
  readonly objects: string;
  readonly profiles: readonly string[];
  readonly mirrorQueueUrl: string;
  readonly mirrorDeadLetterUrl: string;
  /** The receive at which a message becomes a dead letter. */
  readonly mirrorReceives: number;
  readonly pushQueueUrl: string;
  readonly pushDeadLetterUrl: string;
  /** The receive at which a message becomes a dead letter. */
  readonly pushReceives: number;
  readonly exportQueueUrl: string;
  readonly exportDeadLetterUrl: string;
  /** The receive at which a message becomes a dead letter. */
  readonly exportReceives: number;
  readonly eventBus: string;
  readonly verdictTopic: string | undefined;
  readonly webhooks: string | undefined;
  readonly admission: string | undefined;
  readonly edge: string | undefined;
  readonly pullSecret: string | undefined;
  readonly distribution: string | undefined;
  readonly signingKey: string | undefined;
  readonly page: string | undefined;
  /** `profile=URL`, separated by commas. */
  readonly graphs: string | undefined;
  /** Separated by commas. */
  readonly graphChannels: string | undefined;
  /** Separated by commas. */
  readonly graphArchitectures: string | undefined;
}

/**
 * The variables of functions, and the member of the configuration that each becomes. Types alone, as each byte counts in
 * the bundles of the hot path. `npm run reference` makes docs/reference/configuration.md from the comments.
 */
interface NeededMembers {
  /** Queue of digests to mirror. */
  readonly SIGNET_MIRROR_QUEUE_URL: 'mirrorQueueUrl';
  /** Queue for mirror messages that can never succeed or failed too often, each with its reason. */
  readonly SIGNET_MIRROR_DEAD_LETTER_URL: 'mirrorDeadLetterUrl';
  /** Receive at which a mirror message that fails becomes a dead letter with its reason: 1 to 1000. */
  readonly SIGNET_MIRROR_RECEIVES: 'mirrorReceives';
  /** Queue of pushes to verify. */
  readonly SIGNET_PUSH_QUEUE_URL: 'pushQueueUrl';
  /** Queue for pushes that were given up, each with its reason. */
  readonly SIGNET_PUSH_DEAD_LETTER_URL: 'pushDeadLetterUrl';
  /** Receive at which a push that fails becomes a dead letter with its reason: 1 to 1000. */
  readonly SIGNET_PUSH_RECEIVES: 'pushReceives';
  /** Queue of bundles to make. */
  readonly SIGNET_EXPORT_QUEUE_URL: 'exportQueueUrl';
  /** Queue for bundles that could not be made, each with its reason. */
  readonly SIGNET_EXPORT_DEAD_LETTER_URL: 'exportDeadLetterUrl';
  /** Receive at which a bundle that fails becomes a dead letter with its reason: 1 to 1000. */
  readonly SIGNET_EXPORT_RECEIVES: 'exportReceives';
  /** Event bus that verdicts are sent to. */
  readonly SIGNET_EVENT_BUS: 'eventBus';
}

interface OptionalMembers {
  /** SNS topic that verdicts are sent to as well. */
  readonly SIGNET_VERDICT_TOPIC: 'verdictTopic';
  /** Secret with the credentials of webhooks; without it every webhook is 404. */
  readonly SIGNET_WEBHOOKS: 'webhooks';
  /** Secret with the tokens of clusters; without it every admission request is 404. */
  readonly SIGNET_ADMISSION: 'admission';
  /** Secret that the CDN shows; with it requests that do not show it are 403. */
  readonly SIGNET_EDGE: 'edge';
  /** Secret with a `config.json` for registries. */
  readonly SIGNET_PULL_SECRET: 'pullSecret';
  /** CDN distribution over the mirror, whose copies of removed signatures are invalidated. */
  readonly SIGNET_DISTRIBUTION: 'distribution';
  /** Key that signs accepted records and sealed days: the ARN of a key of KMS, or a PEM file. Without it none is signed. */
  readonly SIGNET_SIGNING_KEY: 'signingKey';
  /** How the page signs people in, as JSON: `issuer`, `clientId`, `scopes`, `origins`, `redriveScope`; without it there is none. */
  readonly SIGNET_PAGE: 'page';
  /** Update graphs that the mirror follows: `profile=URL`, separated by commas. */
  readonly SIGNET_GRAPHS: 'graphs';
  /** Channels that each graph is queried for, separated by commas. */
  readonly SIGNET_GRAPH_CHANNELS: 'graphChannels';
  /** Architectures that each graph is queried for, separated by commas. */
  readonly SIGNET_GRAPH_ARCHITECTURES: 'graphArchitectures';
}

/** The variables that every function needs. */
interface EveryMember {
  /** Where objects are: `s3://bucket[/prefix]`, or a directory. */
  readonly SIGNET_OBJECTS: 'objects';
  /** Profiles whose published trust is loaded, separated by commas. */
  readonly SIGNET_PROFILES: 'profiles';
}

/** Settings that only some functions need. */
export type NeededSetting = keyof NeededMembers;
/** Every queue, each with its dead letters. */
export const QUEUE_SETTINGS = [
  'SIGNET_PUSH_QUEUE_URL',
  'SIGNET_PUSH_DEAD_LETTER_URL',
  'SIGNET_MIRROR_QUEUE_URL',
  'SIGNET_MIRROR_DEAD_LETTER_URL',
  'SIGNET_EXPORT_QUEUE_URL',
  'SIGNET_EXPORT_DEAD_LETTER_URL',
] as const satisfies readonly NeededSetting[];

/** Settings that may be empty or absent. */
export type OptionalSetting = keyof OptionalMembers;

/** What a function reads from its environment: where objects are, its profiles, and the settings that it names. */
export type FunctionConfiguration<Name extends NeededSetting | OptionalSetting = never> = Pick<
  Settings,
  EveryMember[keyof EveryMember] | (NeededMembers & OptionalMembers)[Name]
>;

interface Names<Needed, Optional> {
  readonly needed?: readonly Needed[];
  readonly optional?: readonly Optional[];
  /** Lists further faults of the settings, which are reported together with the rest. */
  readonly listFaults?: (settings: Settings) => readonly string[];
}

/** SQS takes no more for `maxReceiveCount`. */
const MAX_RECEIVES = 1000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks every setting at once, so that one look at the log is enough to fix them all. Values are never
 * printed, except those that `listFaults` shows because they are no secrets.
 *
 * @throws ConfigurationError `DocumentInvalid` that names each variable at fault
 */
export function readConfiguration<Needed extends NeededSetting = never, Optional extends OptionalSetting = never>(
  environment: Environment,
  { needed = [], listFaults = () => [] }: Names<Needed, Optional> = {},
): FunctionConfiguration<Needed | Optional> {
  const read = (name: string): string => environment[name] ?? '';
  const readOptional = (name: string): string | undefined => environment[name] || undefined;
  const profiles = read('SIGNET_PROFILES')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const required: readonly string[] = ['SIGNET_OBJECTS', ...needed];
  const missing = required.filter((name) => read(name) === '');
  if (profiles.length === 0) missing.push('SIGNET_PROFILES');
  const miscounted = required.filter((name) => name.endsWith('_RECEIVES') && read(name) !== '' && !isCount(read(name)));
  const settings: Settings = {
    objects: read('SIGNET_OBJECTS'),
    profiles,
    mirrorQueueUrl: read('SIGNET_MIRROR_QUEUE_URL'),
    mirrorDeadLetterUrl: read('SIGNET_MIRROR_DEAD_LETTER_URL'),
    mirrorReceives: Number(read('SIGNET_MIRROR_RECEIVES')),
    pushQueueUrl: read('SIGNET_PUSH_QUEUE_URL'),
    pushDeadLetterUrl: read('SIGNET_PUSH_DEAD_LETTER_URL'),
    pushReceives: Number(read('SIGNET_PUSH_RECEIVES')),
    exportQueueUrl: read('SIGNET_EXPORT_QUEUE_URL'),
    exportDeadLetterUrl: read('SIGNET_EXPORT_DEAD_LETTER_URL'),
    exportReceives: Number(read('SIGNET_EXPORT_RECEIVES')),
    eventBus: read('SIGNET_EVENT_BUS'),
    verdictTopic: readOptional('SIGNET_VERDICT_TOPIC'),
    webhooks: readOptional('SIGNET_WEBHOOKS'),
    admission: readOptional('SIGNET_ADMISSION'),
    edge: readOptional('SIGNET_EDGE'),
    pullSecret: readOptional('SIGNET_PULL_SECRET'),
    distribution: readOptional('SIGNET_DISTRIBUTION'),
    signingKey: readOptional('SIGNET_SIGNING_KEY'),
    page: readOptional('SIGNET_PAGE'),
    graphs: readOptional('SIGNET_GRAPHS'),
    graphChannels: readOptional('SIGNET_GRAPH_CHANNELS'),
    graphArchitectures: readOptional('SIGNET_GRAPH_ARCHITECTURES'),
  };
  throwFaults(missing, miscounted, listFaults(settings));
  return settings;
}

/** Decimal digits alone: `Number` would take `1e2` and ` 5` too. */
function isCount(text: string): boolean {
  return /^[1-9]\d{0,3}$/.test(text) && Number(text) <= MAX_RECEIVES;
}

function throwFaults(missing: readonly string[], miscounted: readonly string[], others: readonly string[]): void {
  const faults = [
    ...(missing.length === 0 ? [] : [`not set: ${missing.join(', ')}`]),
    ...(miscounted.length === 0 ? [] : [`not an integer from 1 to ${MAX_RECEIVES}: ${miscounted.join(', ')}`]),
    ...others,
  ];
  if (faults.length > 0) throw new ConfigurationError('DocumentInvalid', `environment: ${faults.join('; ')}`);
}
