import { InputError } from '../../lib/base/errors/input-error.ts';

/** A queue as the command line was told of it. */
export interface QueueUrl {
  readonly queueUrl: string;
  readonly endpoint: string;
  /** Undefined where the host does not say it. */
  readonly region: string | undefined;
  /** On this machine, where nobody asks who calls. */
  readonly isLoopback: boolean;
}

/** `/account/name`. A FIFO queue, whose name has a dot, orders its messages, and Signet has none. */
const QUEUE_PATH = /^\/[\w-]+\/[\w-]{1,80}$/;
const REGION = /^[a-z]{2,3}(?:-[a-z]+)+-\d$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/**
 * @param label of the argument, for messages
 * @throws InputError for what is no queue URL, which repeats no password
 */
export function parseQueueUrl(label: string, text: string): QueueUrl {
  const url = URL.parse(text);
  const fault = url === null ? 'it is no URL' : findFault(url);
  if (url === null || fault !== undefined) {
    const example = 'https://sqs.REGION.amazonaws.com/ACCOUNT/NAME';
    throw new InputError('ArgumentInvalid', `${label} is not a queue URL such as ${example}: ${fault}`);
  }
  const { hostname, origin, pathname } = url;
  const isLoopback = LOOPBACK.test(hostname);
  const region = isLoopback ? 'us-east-1' : hostname.split('.').find((part) => REGION.test(part));
  return { queueUrl: `${origin}${pathname}`, endpoint: origin, region, isLoopback };
}

function findFault({ username, password, search, hash, pathname, hostname, protocol }: URL): string | undefined {
  if (protocol !== 'https:' && protocol !== 'http:') return 'it starts with neither https:// nor http://';
  if (username !== '' || password !== '') return 'it has a user or password';
  if (search !== '' || hash !== '') return 'it goes on after its path';
  if (!QUEUE_PATH.test(pathname)) return 'its path is not /ACCOUNT/NAME of a standard queue';
  // Requests carry the session's token.
  if (protocol === 'http:' && !LOOPBACK.test(hostname)) return 'only a queue of this machine may be asked over http://';
  return undefined;
}
