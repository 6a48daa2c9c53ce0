import type { JSX } from 'preact';
import { Table } from '../parts/table.tsx';
import { Hex, Time } from '../parts/words.tsx';
import { shortenHex } from '../text/shorten.ts';
import { formatRelative } from '../text/times.ts';

/** A key that may sign, with the keyring that it is in. */
export interface ExpiringKey {
  readonly profile: string;
  readonly keyring: string;
  readonly fingerprint: string;
  readonly expiresAt: string | null;
  readonly revoked: boolean;
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const WIDTH = 320;
const ROW = 36;
const TOP = 4;
const BOTTOM = 22;
const RIGHT = 8;
const MIN_YEARS = 2;
const MAX_YEARS = 10;

function describeExpiry({ expiresAt, revoked }: ExpiringKey, now: number): string {
  if (revoked) return 'revoked';
  if (expiresAt === null) return 'never expires';
  return Date.parse(expiresAt) < now
    ? `expired ${formatRelative(expiresAt, now)}`
    : `expires ${formatRelative(expiresAt, now)}`;
}

/** Each key from now to its expiry; an arrow goes on where there is none. */
export function KeyLines({ keys, now }: { readonly keys: readonly ExpiringKey[]; readonly now: number }): JSX.Element {
  const latest = Math.max(0, ...keys.map(({ expiresAt }) => (expiresAt === null ? 0 : Date.parse(expiresAt) - now)));
  const years = Math.min(MAX_YEARS, Math.max(MIN_YEARS, Math.ceil(latest / YEAR_MS)));
  const height = TOP + keys.length * ROW + BOTTOM;
  const toX = (time: number): number => Math.max(0, Math.min(1, (time - now) / (years * YEAR_MS))) * (WIDTH - RIGHT);
  const step = years > 4 ? 2 : 1;
  const marks = Array.from({ length: Math.floor(years / step) + 1 }, (_, index) => index * step);
  const said = keys.map((key) => `${shortenHex(key.fingerprint)} ${describeExpiry(key, now)}`).join('; ');
  return (
    <svg class="sg-chart" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`Keys until their expiry: ${said}`}>
      {marks.map((year) => {
        const x = toX(now + year * YEAR_MS);
        return (
          <g key={year}>
            <line class="sg-grid" x1={x} x2={x} y1={TOP} y2={height - BOTTOM} />
            <text
              class="sg-axis"
              x={x}
              y={height - 6}
              text-anchor={year === 0 ? 'start' : year + step > years ? 'end' : 'middle'}
            >
              {year === 0 ? 'now' : `in ${year} y`}
            </text>
          </g>
        );
      })}
      {keys.map((key, index) => {
        const y = TOP + index * ROW;
        const end = key.expiresAt === null ? WIDTH - RIGHT : toX(Date.parse(key.expiresAt));
        const isOver = key.revoked || (key.expiresAt !== null && Date.parse(key.expiresAt) < now);
        return (
          <g key={`${key.profile} ${key.keyring} ${key.fingerprint}`}>
            <title>{`${key.fingerprint} (${key.keyring}) ${describeExpiry(key, now)}`}</title>
            <text class="sg-axis sg-axis-key" x="2" y={y + 14}>
              {`${shortenHex(key.fingerprint)} · ${describeExpiry(key, now)}`}
            </text>
            <line
              class={isOver ? 'sg-key sg-key-over' : 'sg-key'}
              x1="0"
              x2={Math.max(4, isOver ? 4 : end)}
              y1={y + 24}
              y2={y + 24}
            />
            {key.expiresAt === null && !isOver && (
              <path class="sg-key-end" d={`M${WIDTH - RIGHT} ${y + 18} l8 6 l-8 6 Z`} />
            )}
            {key.expiresAt !== null && !isOver && (
              <rect class="sg-key-end" x={end - 2} y={y + 18} width="4" height="12" />
            )}
          </g>
        );
      })}
    </svg>
  );
}

export function KeyTable({ keys, now }: { readonly keys: readonly ExpiringKey[]; readonly now: number }): JSX.Element {
  return (
    <Table
      label="Keys and their expiry"
      rows={keys}
      toKey={({ profile, keyring, fingerprint }) => `${profile} ${keyring} ${fingerprint}`}
      columns={[
        { name: 'Key', cell: ({ fingerprint }) => <Hex text={fingerprint} what="fingerprint" /> },
        { name: 'Keyring', cell: ({ keyring }) => keyring },
        { name: 'Profile', cell: ({ profile }) => profile },
        {
          name: 'Expires',
          cell: (key) =>
            key.expiresAt === null || key.revoked ? describeExpiry(key, now) : <Time at={key.expiresAt} />,
        },
      ]}
    />
  );
}
