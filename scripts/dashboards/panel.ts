/** What a dashboard is written as; `dashboard` makes Grafana's JSON of it. */
export interface Panel {
  title: string
  /** `number`: the value now; `lines`: over time; `bars`: over time, on top of each other; `table`: values now. */
  as: 'number' | 'lines' | 'bars' | 'table'
  unit: 'short' | 's' | 'percentunit' | 'currencyUSD' | 'dateTimeFromNow'
  /** Legend by PromQL. `{{label}}` stands for a label's value. */
  queries: Record<string, string>
  /** Of 24 columns; default 8. */
  width?: number
  /** What the panel is read for. One sentence. */
  help: string
  /** Red from here on, or with `below`, under it. */
  limit?: { at: number; below?: true }
}

export interface Dashboard {
  uid: string
  title: string
  help: string
  panels: Panel[]
}

const types = { number: 'stat', lines: 'timeseries', bars: 'timeseries', table: 'table' } as const
const HEIGHT = 7
const COLUMNS = 24

/** Grafana's model of a dashboard, schema 39 (Grafana 10 and later). The data source is chosen in the dashboard. */
export function dashboard({ uid, title, help, panels }: Dashboard): object {
  let [x, y] = [0, 0]
  const placed = panels.map((panel, index) => {
    const w = panel.width ?? 8
    if (x + w > COLUMNS) [x, y] = [0, y + HEIGHT]
    const gridPos = { h: HEIGHT, w, x, y }
    x += w
    return { id: index + 1, gridPos, ...model(panel) }
  })
  return {
    uid,
    title,
    description: help,
    tags: ['cupel'],
    schemaVersion: 39,
    version: 1,
    editable: false,
    timezone: 'browser',
    refresh: '1m',
    time: { from: 'now-24h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: {} },
      ],
    },
    annotations: { list: [] },
    links: [{ type: 'dashboards', title: 'Cupel', tags: ['cupel'], asDropdown: false, includeVars: false }],
    panels: placed,
  }
}

const source = { type: 'prometheus', uid: '${datasource}' }

function model(panel: Panel): object {
  const now = panel.as === 'number' || panel.as === 'table'
  return {
    type: types[panel.as],
    title: panel.title,
    description: panel.help,
    datasource: source,
    fieldConfig: {
      defaults: {
        unit: panel.unit,
        min: panel.unit === 'dateTimeFromNow' ? undefined : 0,
        ...(panel.as === 'bars' && {
          custom: { drawStyle: 'bars', fillOpacity: 60, stacking: { mode: 'normal' } },
        }),
        ...(panel.limit && {
          thresholds: { mode: 'absolute', steps: steps(panel.limit) },
          ...(!now && { custom: { thresholdsStyle: { mode: 'line' } } }),
        }),
      },
      overrides: [],
    },
    options: panel.as === 'number' ? { reduceOptions: { calcs: ['lastNotNull'] } } : {},
    targets: Object.entries(panel.queries).map(([legendFormat, expr], index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: source,
      expr,
      legendFormat,
      ...(now && { instant: true, range: false }),
      ...(panel.as === 'table' && { format: 'table' }),
    })),
  }
}

function steps({ at, below }: { at: number; below?: true }): object[] {
  const [first, then] = below ? ['red', 'green'] : ['green', 'red']
  return [
    { color: first, value: null },
    { color: then, value: at },
  ]
}
