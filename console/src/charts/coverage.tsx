import type { JSX } from 'preact';
import type { Coverage, MinorCoverage } from '../api/answers.ts';
import { ChartCard } from '../parts/frame.tsx';
import { Icon, type IconName } from '../parts/icons.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/words.tsx';
import { formatCount } from '../text/shorten.ts';

interface CellState {
  readonly icon: IconName;
  readonly word: string;
  readonly style: string;
}

/** What is signed nowhere cannot be held. */
function toState({ wanted, held, absent }: MinorCoverage): CellState {
  if (held >= wanted) return { icon: 'accepted', word: 'all held', style: 'sg-cell-full' };
  if (held + absent >= wanted) return { icon: 'info', word: 'all held that are signed', style: 'sg-cell-full' };
  if (held > 0) return { icon: 'partial', word: 'some held', style: 'sg-cell-part' };
  return { icon: 'pending', word: 'none held', style: 'sg-cell-none' };
}

/** Compares `4.9` and `4.16` as versions; newest first. */
function compareMinors(one: string, other: string): number {
  return other.localeCompare(one, 'en', { numeric: true });
}

/** A chart for each profile whose update graphs are followed: two may have the same minor versions. */
export function CoverageCharts({ mirrors }: { readonly mirrors: readonly Coverage[] }): JSX.Element {
  const followed = mirrors.filter(({ minors = [] }) => minors.length > 0);
  return (
    <>
      {followed.map(({ profile, minors = [], plannedAt, failedGraphs = 0 }) => (
        <ChartCard
          key={profile}
          title={followed.length === 1 ? 'Mirror coverage' : `Mirror coverage of ${profile}`}
          name={followed.length === 1 ? 'coverage' : `coverage-${profile}`}
          chart={<CoverageMatrix minors={minors} />}
          table={<CoverageTable minors={minors} />}
          foot={
            <>
              Counted when the update graphs were read, <Time at={plannedAt} />.
              {failedGraphs > 0 && ` ${formatCount(failedGraphs, 'update graph')} could not be read.`}
            </>
          }
        />
      ))}
    </>
  );
}

/** Minor versions by architecture, each cell a state with its word. */
function CoverageMatrix({ minors }: { readonly minors: readonly MinorCoverage[] }): JSX.Element {
  const architectures = [...new Set(minors.map(({ architecture }) => architecture))].toSorted((one, other) =>
    one < other ? -1 : 1,
  );
  const versions = [...new Set(minors.map(({ minor }) => minor))].toSorted(compareMinors);
  const find = (minor: string, architecture: string): MinorCoverage | undefined =>
    minors.find((one) => one.minor === minor && one.architecture === architecture);
  return (
    <div class="sg-scroll">
      <table class="sg-matrix" aria-label="Mirror coverage by minor version and architecture">
        <thead>
          <tr>
            <th scope="col">Minor</th>
            {architectures.map((architecture) => (
              <th key={architecture} scope="col">
                {architecture}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {versions.map((minor) => (
            <tr key={minor}>
              <th scope="row">{minor}</th>
              {architectures.map((architecture) => (
                <Cell key={architecture} coverage={find(minor, architecture)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ coverage }: { readonly coverage: MinorCoverage | undefined }): JSX.Element {
  if (coverage === undefined) return <td class="sg-cell">–</td>;
  const { icon, word, style } = toState(coverage);
  const absent = coverage.absent === 0 ? '' : `, ${coverage.absent} signed nowhere`;
  return (
    <td class={`sg-cell ${style}`} title={`${word}${absent}`}>
      <Icon name={icon} /> {coverage.held}/{coverage.wanted}
      <span class="pf-v6-screen-reader"> {word}</span>
    </td>
  );
}

function CoverageTable({ minors }: { readonly minors: readonly MinorCoverage[] }): JSX.Element {
  return (
    <Table
      label="Mirror coverage by minor version and architecture"
      rows={minors.toSorted((one, other) => compareMinors(one.minor, other.minor))}
      toKey={({ minor, architecture }) => `${minor} ${architecture}`}
      columns={[
        { name: 'Minor', cell: ({ minor }) => minor },
        { name: 'Architecture', cell: ({ architecture }) => architecture },
        { name: 'Wanted', cell: ({ wanted }) => wanted, isNumber: true },
        { name: 'Held', cell: ({ held }) => held, isNumber: true },
        { name: 'Signed nowhere', cell: ({ absent }) => absent, isNumber: true },
        { name: 'State', cell: (coverage) => toState(coverage).word },
      ]}
    />
  );
}
