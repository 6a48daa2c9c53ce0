import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Command } from 'commander';
import { toShownPlace } from '../../lib/platform/http/http-url.ts';
import { settingOf } from './options.ts';
import { toPrintable } from './output.ts';
import type { Settings } from './settings/setting.ts';

/** Node's own notices of every HTTP request of this process. */
const CHANNELS = ['http.client.request.start', 'http.client.response.finish', 'http.client.request.error'] as const;

interface Notice {
  readonly request: ClientRequest;
  readonly response?: IncomingMessage;
  readonly error?: Error;
}

/** Says on standard error which settings count, and each request with its answer and its time. @returns what ends it */
export function startTalk(command: Command, settings: Settings): () => void {
  const begun = performance.now();
  for (const option of command.options) {
    const rule = settingOf(option);
    if (rule === undefined || command.getOptionValueSource(option.attributeName()) !== 'config') continue;
    const setting = settings.find(rule.setting);
    if (setting !== undefined)
      tell(`${option.long ?? ''} ${setting.values.map(toShownPlace).join(' ')} (${setting.from})`);
  }
  const starts = new WeakMap<ClientRequest, number>();
  const listen = (message: unknown, channel: string | symbol): void => {
    const { request, response, error } = message as Notice;
    if (channel === CHANNELS[0]) {
      starts.set(request, performance.now());
      return;
    }
    const outcome = response === undefined ? `failed: ${error?.message ?? ''}` : String(response.statusCode);
    tell(`${describe(request)} ${outcome}${toTime(starts.get(request))}`);
  };
  for (const channel of CHANNELS) subscribe(channel, listen);
  return () => {
    for (const channel of CHANNELS) unsubscribe(channel, listen);
    tell(`done${toTime(begun)}`);
  };
}

/** Without user, password and query, which may be secret. */
function describe({ method, protocol, host, path }: ClientRequest): string {
  return `${method} ${protocol}//${host}${path.split('?', 1)[0] ?? ''}`;
}

function toTime(start: number | undefined): string {
  return start === undefined ? '' : ` in ${Math.round(performance.now() - start)} ms`;
}

function tell(text: string): void {
  process.stderr.write(`signet: ${toPrintable(text)}\n`);
}
