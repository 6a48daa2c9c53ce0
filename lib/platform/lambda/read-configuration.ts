import { ConfigurationError } from '../../base/errors/configuration-error.ts';

/** Everything that a function may be told by its environment; each is told what it names. */
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
  readonly pullSecret: string | undefined;
  readonly distribution: string | undefined;
  /** `profile=URL`, separated by commas. */
  readonly graphs: string | undefined;
  /** Separated by commas. */
  readonly graphChannels: string | undefined;
  /** Separated by commas. */
  readonly graphArchitectures: string | undefined;
}

/** The member that each setting becomes. Types alone, as each byte counts in the bundles of the hot path. */
interface NeededMembers {
  readonly SIGNET_MIRROR_QUEUE_URL: 'mirrorQueueUrl';
  readonly SIGNET_MIRROR_DEAD_LETTER_URL: 'mirrorDeadLetterUrl';
  readonly SIGNET_MIRROR_RECEIVES: 'mirrorReceives';
  readonly SIGNET_PUSH_QUEUE_URL: 'pushQueueUrl';
  readonly SIGNET_PUSH_DEAD_LETTER_URL: 'pushDeadLetterUrl';
  readonly SIGNET_PUSH_RECEIVES: 'pushReceives';
  readonly SIGNET_EXPORT_QUEUE_URL: 'exportQueueUrl';
  readonly SIGNET_EXPORT_DEAD_LETTER_URL: 'exportDeadLetterUrl';
  readonly SIGNET_EXPORT_RECEIVES: 'exportReceives';
  readonly SIGNET_EVENT_BUS: 'eventBus';
}

interface OptionalMembers {
  readonly SIGNET_VERDICT_TOPIC: 'verdictTopic';
  readonly SIGNET_WEBHOOKS: 'webhooks';
  readonly SIGNET_ADMISSION: 'admission';
  readonly SIGNET_PULL_SECRET: 'pullSecret';
  readonly SIGNET_DISTRIBUTION: 'distribution';
  readonly SIGNET_GRAPHS: 'graphs';
  readonly SIGNET_GRAPH_CHANNELS: 'graphChannels';
  readonly SIGNET_GRAPH_ARCHITECTURES: 'graphArchitectures';
}

/** Settings that only some functions need. */
export type NeededSetting = keyof NeededMembers;
/** Settings that may be empty or absent. */
export type OptionalSetting = keyof OptionalMembers;

/** What a function is told by its environment: where objects are, its profiles, and the settings that it names. */
export type FunctionConfiguration<Name extends NeededSetting | OptionalSetting = never> = Pick<
  Settings,
  'objects' | 'profiles' | (NeededMembers & OptionalMembers)[Name]
>;

interface Names<Needed, Optional> {
  readonly needed?: readonly Needed[];
  readonly optional?: readonly Optional[];
  /** What else is wrong with what is set, told together with the rest. */
  readonly listFaults?: (settings: Settings) => readonly string[];
}

/** SQS takes no more for `maxReceiveCount`. */
const MAX_RECEIVES = 1000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks every setting at once, so that one look at the log mends them all. Values are never printed, but for
 * what `listFaults` says of those that are no secrets.
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
    pullSecret: readOptional('SIGNET_PULL_SECRET'),
    distribution: readOptional('SIGNET_DISTRIBUTION'),
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
