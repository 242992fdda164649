# Run once by the image of PostgreSQL, as the owner of the domain's tables: the application's role, which does not own
# them, and Prefect's own database beside the domain's: what is evidence and what is engine never share one.
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" \
  -v password="$(cat "${APPLICATION_PASSWORD_FILE:-/run/secrets/application_password}")" <<'SQL'
CREATE ROLE tsudoi LOGIN PASSWORD :'password';
CREATE DATABASE prefect OWNER tsudoi;
\connect prefect
CREATE EXTENSION pg_trgm;
SQL
