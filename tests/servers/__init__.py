"""The MySQL and the MariaDB that tests run on."""
