-- Prefect's own database beside the domain's: what is evidence and what is engine never share one.
CREATE DATABASE prefect;
