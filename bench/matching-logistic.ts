/** One pair: what is known of it and what the judge said. */
export interface Case {
  features: number[]
  yes: boolean
}

const ROUNDS = 25
/** Strength of the ridge on slopes of standardised features; the intercept is free. */
const RIDGE = 1

/** Solves `matrix` x = `vector` by elimination with row exchange. */
function solve(matrix: number[][], vector: number[]): number[] {
  const rows = matrix.map((row, at) => [...row, vector[at] as number])
  const size = rows.length
  for (let pivot = 0; pivot < size; pivot++) {
    const best = rows
      .slice(pivot)
      .reduce((a, b) => (Math.abs(b[pivot] as number) > Math.abs(a[pivot] as number) ? b : a))
    rows[rows.indexOf(best)] = rows[pivot] as number[]
    rows[pivot] = best
    for (const row of rows) {
      if (row === best) continue
      const factor = (row[pivot] as number) / (best[pivot] as number)
      for (let column = pivot; column <= size; column++)
        row[column] = (row[column] as number) - factor * (best[column] as number)
    }
  }
  return rows.map((row, at) => (row[size] as number) / (row[at] as number))
}

/** Logistic regression by Newton's method; the answer is for features as given. */
export function fitLogistic(cases: readonly Case[]): { intercept: number; slopes: number[] } {
  const width = cases[0]?.features.length ?? 0
  const columns = Array.from({ length: width }, (_, at) =>
    cases.map(({ features }) => features[at] as number),
  )
  const means = columns.map(column => column.reduce((sum, value) => sum + value, 0) / cases.length)
  const scales = columns.map((column, at) =>
    Math.sqrt(column.reduce((sum, value) => sum + (value - (means[at] as number)) ** 2, 0) / cases.length),
  )
  const inputs = cases.map(({ features }) => [
    1,
    ...features.map((value, at) => (value - (means[at] as number)) / (scales[at] as number)),
  ])
  let answer = Array.from({ length: width + 1 }, () => 0)
  for (let round = 0; round < ROUNDS; round++) {
    const gradient = answer.map((slope, at) => (at === 0 ? 0 : -RIDGE * slope))
    const curvature = answer.map((_, row) =>
      answer.map((_, column) => (row === column && row > 0 ? RIDGE : 0)),
    )
    for (const [at, input] of inputs.entries()) {
      const chance =
        1 / (1 + Math.exp(-input.reduce((sum, value, k) => sum + value * (answer[k] as number), 0)))
      const surprise = Number(cases[at]?.yes) - chance
      for (const [row, value] of input.entries()) {
        gradient[row] = (gradient[row] as number) + surprise * value
        const line = curvature[row] as number[]
        for (const [column, other] of input.entries())
          line[column] = (line[column] as number) + chance * (1 - chance) * value * other
      }
    }
    const step = solve(curvature, gradient)
    answer = answer.map((slope, at) => slope + (step[at] as number))
  }
  const [centre = 0, ...standard] = answer
  const slopes = standard.map((slope, at) => slope / (scales[at] as number))
  return {
    intercept: centre - slopes.reduce((sum, slope, at) => sum + slope * (means[at] as number), 0),
    slopes,
  }
}
