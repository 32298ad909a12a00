DELETE FROM objects WHERE object = $1;
DELETE FROM reads WHERE reader = $1;
DELETE FROM wakes WHERE object = $1;
