"""What any run needs before it knows of tables: settings, the Spark session, logs, signals."""
