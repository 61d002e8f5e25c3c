/** Solves `matrix · x = right` for a positive definite matrix. The arguments are not changed. */
export function solve(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, index) => [...row, right[index]!]);
  rows.forEach((pivotRow, pivot) => {
    for (let below = pivot + 1; below < rows.length; below++) {
      const factor = rows[below]![pivot]! / pivotRow[pivot]!;
      for (let column = pivot; column <= rows.length; column++)
        rows[below]![column]! -= factor * pivotRow[column]!;
    }
  });
  const solution: number[] = right.map(() => 0);
  for (let row = rows.length - 1; row >= 0; row--) {
    let rest = rows[row]![rows.length]!;
    for (let column = row + 1; column < rows.length; column++)
      rest -= rows[row]![column]! * solution[column]!;
    solution[row] = rest / rows[row]![row]!;
  }
  return solution;
}
