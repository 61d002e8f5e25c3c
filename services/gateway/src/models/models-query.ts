import { Transform } from "class-transformer";
import { IsInt, IsOptional, IsString, Max, Min } from "class-validator";

/** The query of `GET /v1/models`. */
export class ModelsQuery {
  @IsOptional()
  @Transform(({ value }) => (/^-?\d+$/.test(String(value)) ? Number(value) : NaN))
  @Max(1000, { message: "limit: Input should be less than or equal to 1000" })
  @Min(1, { message: "limit: Input should be greater than or equal to 1" })
  @IsInt({ message: "limit: Input should be a whole number" })
  limit?: number;

  @IsOptional()
  @IsString()
  before_id?: string;

  @IsOptional()
  @IsString()
  after_id?: string;
}
