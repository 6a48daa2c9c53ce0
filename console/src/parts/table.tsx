/* oxlint-disable jsx-a11y/no-redundant-roles -- Cards on a phone are no table for a browser, and stay one for readers. */
import type { ComponentChildren, JSX } from 'preact';

export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Of numbers: at the end of its cell. */
  readonly isNumber?: boolean;
}

interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly toKey: (row: Row) => string;
}

/**
 * A table that becomes cards on a phone. `j` and `k` move between its rows: the first link or button of a row has the
 * focus.
 */
export function Table<Row>({ label, columns, rows, toKey }: TableProps<Row>): JSX.Element {
  return (
    <table class="pf-v6-c-table pf-m-grid-md pf-m-compact" role="table" aria-label={label}>
      <thead class="pf-v6-c-table__thead">
        <tr class="pf-v6-c-table__tr" role="row">
          {columns.map(({ name, isNumber }) => (
            <th
              key={name}
              class={`pf-v6-c-table__th ${isNumber === true ? 'sg-number' : ''}`}
              role="columnheader"
              scope="col"
            >
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody class="pf-v6-c-table__tbody" role="rowgroup">
        {rows.map((row) => (
          <tr key={toKey(row)} class="pf-v6-c-table__tr" role="row" data-row={toKey(row)}>
            {columns.map(({ name, cell, isNumber }) => (
              <td
                key={name}
                class={`pf-v6-c-table__td ${isNumber === true ? 'sg-number' : ''}`}
                role="cell"
                data-label={name}
              >
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
